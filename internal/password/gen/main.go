// Command gen builds the embedded filter of common passwords from its list.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log"
	"os"

	"github.com/mortise-auth/mortise/internal/password"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal("gen: ", err)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: gen LIST.txt.gz FILTER")
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	list, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := password.BuildCommon(list, &out); err != nil {
		return err
	}
	return os.WriteFile(args[1], out.Bytes(), 0o644)
}
