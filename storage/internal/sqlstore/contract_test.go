package sqlstore_test

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/store/storetest"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		s, err := sqlite.Memory(t.Context(), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}
