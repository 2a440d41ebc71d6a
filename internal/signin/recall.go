package signin

import (
	"sync"

	"github.com/mortise-auth/mortise/internal/user"
)

// recallHalf is how many accounts one generation of recall holds: 2 MB.
const recallHalf = 2048

// person is an account with its primary address.
type person struct {
	account user.User
	email   user.Email
}

// recall remembers accounts that signed in lately by a key that is all they need. It
// hears of no change: a session is born of what it remembers only while the account
// still has the same revision, which every change of account and addresses raises, in
// the transaction of the birth (TH-1). It is safe for concurrent use.
type recall struct {
	mu         sync.Mutex
	young, old map[user.ID]person
}

func (r *recall) get(id user.ID) (person, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.young[id]; ok {
		return p, true
	}
	p, ok := r.old[id]
	if ok {
		r.keep(p)
	}
	return p, ok
}

func (r *recall) put(p person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(p)
}

func (r *recall) keep(p person) {
	if r.young == nil || len(r.young) >= recallHalf {
		r.young, r.old = make(map[user.ID]person), r.young
	}
	r.young[p.account.ID] = p
}

func (r *recall) forget(id user.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, id)
	delete(r.old, id)
}
