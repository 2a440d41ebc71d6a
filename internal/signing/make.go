package signing

import (
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// purpose names us to the keyring.
const purpose = "signing"

// bound is what a sealed key is bound to: it opens nowhere else.
func (k Key) bound() []byte { return []byte(k.ID + "/" + string(k.Use) + "/" + string(k.Algorithm)) }

func (r *Ring) mac(k Key) [32]byte {
	return r.o.Keys.MAC(purpose, []byte(k.Use), []byte(k.Algorithm), []byte(k.JWK))
}

// make makes a key for p. An RSA key takes a tenth of a second of work.
func (r *Ring) make(p place, st State, now, due time.Time) (Key, error) {
	private, err := jose.Generate(p.alg)
	if err != nil {
		return Key{}, err
	}
	plain, err := private.PKCS8()
	if err != nil {
		return Key{}, err
	}
	defer clear(plain)
	k := Key{ID: private.Public().ID(), Use: p.use, Algorithm: p.alg, State: st, CreatedAt: now, DueAt: due}
	k.JWK = string(private.Public().JWK())
	k.MAC, k.Sealed = r.mac(k), r.o.Keys.Seal(purpose, k.bound(), plain)
	if st == Current {
		k.CurrentAt = now
	}
	return k, nil
}
