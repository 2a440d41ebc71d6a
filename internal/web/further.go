package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/verify"
)

// MaxFurther bounds the accounts that are signed in in one browser beside the one
// it acts as.
const MaxFurther = 5

// Held is a session that a browser holds the secret of.
type Held struct {
	Secret   string
	Identity *verify.Identity // shared: not to be changed
}

// Further are the live sessions that the browser holds beside the one it acts
// with, last used first. Each is a real session, checked like any other; what has
// ended is left out. The cookie is secrets of a fixed length one after the other
// (SE-14). session.ErrUncertain when that cannot be told.
func (f *Frame) Further(r *http.Request) ([]Held, error) {
	value, err := Cookie(r, f.Names().Further)
	if err != nil || len(value)%secret.StampedLen != 0 || len(value) > MaxFurther*secret.StampedLen {
		return nil, err
	}
	current := Of(r).Identity
	var all []Held
	for ; value != ""; value = value[secret.StampedLen:] {
		text := value[:secret.StampedLen]
		who, err := f.o.Sessions.Session(r.Context(), text)
		switch {
		case errors.Is(err, session.ErrEnded):
			continue
		case err != nil:
			return nil, err
		}
		if current == nil || who.Subject != current.Subject {
			all = append(all, Held{text, who})
		}
	}
	return all, nil
}

// KeepFurther makes the browser hold these secrets beside its session's, at most
// MaxFurther.
func (f *Frame) KeepFurther(w http.ResponseWriter, secrets []string, life time.Duration) {
	if len(secrets) == 0 {
		f.ClearCookie(w, f.Names().Further)
		return
	}
	f.SetCookie(w, f.Names().Further, strings.Join(secrets[:min(len(secrets), MaxFurther)], ""), life)
}
