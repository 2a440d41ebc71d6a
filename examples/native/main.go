// Native is a program on somebody's computer that signs them in through their browser
// and gets the answer on a loopback address (RFC 8252). In two terminals:
//
//	go run ./cmd/mortise dev --apply examples/native/apply.yaml
//	cd examples && go run ./native
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := run(ctx, "http://localhost:8080", open, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// open shows an address in the browser of this computer.
func open(address string) {
	fmt.Println("Sign in here:", address)
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	_ = exec.Command(name, args...).Start() // the address was printed too
}
