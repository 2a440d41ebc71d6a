package postgres

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return fresh(t) })
}
