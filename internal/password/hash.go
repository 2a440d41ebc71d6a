package password

import (
	"fmt"
	"log/slog"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Hash is a stored password hash that describes itself. It redacts when printed.
type Hash string

func (Hash) String() string               { return secret.Redacted }
func (Hash) GoString() string             { return secret.Redacted }
func (Hash) MarshalJSON() ([]byte, error) { return []byte(`"` + secret.Redacted + `"`), nil }
func (Hash) LogValue() slog.Value         { return slog.StringValue(secret.Redacted) }
func (Hash) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte(secret.Redacted)) }
