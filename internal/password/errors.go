package password

import "github.com/mortise-auth/mortise/internal/problem"

// What a Store says.
var (
	// ErrNone: the account has no password.
	ErrNone = problem.New(problem.NotFound, "password_none", "This account has no password.")
	// ErrStale: the password was changed in the meantime.
	ErrStale = problem.New(problem.Conflict, "password_changed", "The password was changed in the meantime. Reload and try again.")
)

// What Policy.Check says of a new password. Each carries one problem.Field.
var (
	ErrTooShort    = problem.New(problem.Unprocessable, "password_too_short", "That password is too short. A few unrelated words make a good one.")
	ErrTooLong     = problem.New(problem.Unprocessable, "password_too_long", "That password is too long. At most 4,096 bytes are accepted.")
	ErrUnprintable = problem.New(problem.Unprocessable, "password_unprintable", "That password contains characters that cannot be typed, such as tabs or line breaks. Remove them and try again.")
	ErrCommon      = problem.New(problem.Unprocessable, "password_common", "That password is one of those most often used, so it is among the first to be guessed. Choose another.")
	ErrContextual  = problem.New(problem.Unprocessable, "password_contextual", "That password is your name, your address or the name of this service. Choose one that nobody can look up.")
	ErrBreached    = problem.New(problem.Unprocessable, "password_breached", "That password has appeared in a data breach, so it is on the lists attackers try. Choose another, and change it wherever else you use it.")
	ErrWeak        = problem.New(problem.Unprocessable, "password_weak", "That password is easy to guess. Add a few unrelated words.")
)

// What a Hasher and its Gate say.
var (
	// ErrBusy: the gate did not admit the work; RetryAfter is set. Nothing was hashed.
	ErrBusy = problem.New(problem.Unavailable, "password_busy", "Too many people are signing in right now. Wait a moment and try again.")
	// ErrFormat: the encoding is none that is known here.
	ErrFormat = problem.New(problem.Unprocessable, "password_hash_format", "That password hash has a format that cannot be read. The documentation lists the formats that are accepted.")
	// ErrCostly: the encoding asks for more memory or time than the Bounds allow.
	ErrCostly = problem.New(problem.Unprocessable, "password_hash_costly", "That password hash asks for more memory or time than this server allows.")
	// ErrUnusable: the source marked the account as having no password.
	ErrUnusable = problem.New(problem.Unprocessable, "password_hash_unusable", "That account has no usable password in the system it comes from.")
	// ErrParameters: hashing parameters below the floor, or out of bounds.
	ErrParameters = problem.New(problem.Unprocessable, "password_parameters", "Those hashing parameters are too weak or out of bounds.")
	// ErrPepper: the stored hash needs a pepper key that is not configured.
	ErrPepper = problem.New(problem.Internal, "password_pepper_missing", "Something went wrong on our side. An administrator must restore a missing key.")
)

// ErrCorpus: a filter file that is no filter, or a damaged one.
var ErrCorpus = problem.New(problem.Unprocessable, "password_corpus_damaged", "That file is not a usable password corpus. Build it again.")
