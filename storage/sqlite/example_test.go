package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mortise-auth/mortise/storage/sqlite"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	st, err := sqlite.Open(context.Background(), filepath.Join(dir, "data"), sqlite.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	fmt.Println(st.Engine(), st.Restored())
	// Output: sqlite false
}
