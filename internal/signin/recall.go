package signin

import "github.com/mortise-auth/mortise/internal/user"

// recallHalf is half of how many accounts are remembered: 2 MB.
const recallHalf = 2048

// person is an account with its primary address. It is remembered of who signed in
// lately by a key that is all they need: a session is born of it only while the account
// still has the same revision, which every change of account and addresses raises, in
// the transaction of the birth (TH-1).
type person struct {
	account user.User
	email   user.Email
}
