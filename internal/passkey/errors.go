package passkey

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: there is no such passkey, or it is not theirs.
	ErrUnknown = problem.New(problem.NotFound, "passkey_unknown", "That passkey is not on your account, or was removed already. Reload the list.")
	// ErrChallenge: the answer is not to a question asked here, of this browser, in
	// the last minutes, for the first time.
	ErrChallenge = problem.New(problem.Gone, "passkey_challenge_expired", "That took too long, or was answered already. Try again.")
	// ErrMalformed: the answer cannot be read.
	ErrMalformed = problem.New(problem.Unprocessable, "passkey_malformed", "The browser's answer could not be read. Try again, or use another browser.")
	// ErrRefused: the answer was read, and does not prove what it should.
	ErrRefused = problem.New(problem.Unprocessable, "passkey_refused", "That passkey cannot be used here. Try again, or choose another one.")
	// ErrModel: a model that policy does not allow, or no model id at all.
	ErrModel = problem.New(problem.Unprocessable, "passkey_model_refused", "This kind of passkey is not accepted here. Use one that your administrator names.")
	// ErrTaken: somebody has that credential already.
	ErrTaken = problem.New(problem.Conflict, "passkey_taken", "This passkey is registered already. Use another device or password manager.")
	// ErrMany: MaxPerPerson are reached.
	ErrMany = problem.New(problem.Conflict, "passkey_limit", "You have as many passkeys as an account can have. Remove one that you do not use.")
	// ErrLast: without it nobody could sign in to the account.
	ErrLast = problem.New(problem.Conflict, "passkey_last", "This passkey is your only way to sign in. Add another one or set a password first.")
	// ErrBirth: the account changed between question and answer.
	ErrBirth = problem.New(problem.Conflict, "passkey_account_changed", "Your account was changed in the meantime. Reload and try again.")
	// ErrName: no name, or too long.
	ErrName = problem.New(problem.Unprocessable, "passkey_name", "Give the passkey a name of 1 to 64 characters.")
	// ErrCounter: policy refuses a counter that went back.
	ErrCounter = problem.New(problem.Unprocessable, "passkey_counter", "That passkey cannot be used any more. Sign in another way and register it again.")
	// ErrDomain: stored passkeys belong to another domain (PW-75).
	ErrDomain = problem.New(problem.Conflict, "passkey_domain", "Passkeys are stored for another domain than the public address has now: nobody could use them any more. Set passkeys.rp_id to that domain, or remove them first.")
	// ErrMetadata: a metadata file that cannot be read, or that the wrong one signed.
	ErrMetadata = problem.New(problem.Unprocessable, "passkey_metadata", "That is no metadata file that FIDO, or the root you named, signed. Download it again.")
	// ErrPolicy: settings that contradict each other.
	ErrPolicy = problem.New(problem.Unprocessable, "passkey_policy", "Those settings of passkeys do not fit together.")
)
