package passkey

import "sync"

// recentHalf is how many passkeys one generation of recent holds: 3 MB with keys and
// ids as they are common, 16 MB with the longest.
const recentHalf = 4096

// recent remembers what never changes of passkeys that were used lately. What it says
// proves nothing about today: whether a passkey is still there, and its counter, is
// for Store.Use to see, in the transaction of whatever comes of it. So it needs to
// hear of nothing, whichever replica removed a passkey. It is safe for concurrent use.
type recent struct {
	mu         sync.Mutex
	young, old map[string]lasting
}

// lasting is what never changes of a passkey, with its key read.
type lasting struct {
	Passkey
	key publicKey // zero, which signs nothing, if it cannot be read
}

func (p Passkey) lasting() lasting {
	key, err := readKey(p.PublicKey)
	if err != nil {
		key = publicKey{}
	}
	return lasting{Passkey{
		ID: p.ID, User: p.User, Credential: p.Credential, PublicKey: p.PublicKey, Algorithm: p.Algorithm, RPID: p.RPID,
		Model: p.Model, Attested: p.Attested, BackupEligible: p.BackupEligible, CreatedAt: p.CreatedAt,
	}, key}
}

func (r *recent) get(credential []byte) (lasting, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.young[string(credential)]; ok {
		return p, true
	}
	p, ok := r.old[string(credential)]
	if ok {
		r.keep(p)
	}
	return p, ok
}

func (r *recent) put(p lasting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(p)
}

func (r *recent) keep(p lasting) {
	if r.young == nil || len(r.young) >= recentHalf {
		r.young, r.old = make(map[string]lasting), r.young
	}
	r.young[string(p.Credential)] = p
}

func (r *recent) forget(credential []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, string(credential))
	delete(r.old, string(credential))
}
