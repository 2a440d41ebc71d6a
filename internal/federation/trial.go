package federation

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// TrialLife is how long an administrator has to open a trial.
const TrialLife = 15 * time.Minute

const trialPurpose = "federation.trial"

// NewTrial is a ticket to go once around with c and to be shown whom that would
// bring, which stores nothing: also while c is off. It is good until the time
// given, for c as it is now. Only administrators are given one, since the mapping
// is shown to whoever comes back.
func NewTrial(k interface {
	Seal(purpose string, aad, plaintext []byte) []byte
}, c Connection, until time.Time) secret.Text {
	plain := binary.BigEndian.AppendUint64(nil, uint64(c.Version))
	plain = binary.BigEndian.AppendUint64(plain, uint64(until.UnixMicro()))
	return secret.NewText(base64.RawURLEncoding.EncodeToString(k.Seal(trialPurpose, c.ID[:], plain)))
}

// CheckTrial is ErrAttempt unless ticket is one for c as it is now, in its time.
func CheckTrial(k interface {
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}, c Connection, ticket string, now time.Time) error {
	sealed, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil {
		return ErrAttempt.Because(err)
	}
	plain, err := k.Open(trialPurpose, c.ID[:], sealed)
	if err != nil || len(plain) != 16 {
		return ErrAttempt.Because(err)
	}
	until := time.UnixMicro(int64(binary.BigEndian.Uint64(plain[8:])))
	if binary.BigEndian.Uint64(plain) != uint64(c.Version) || !now.Before(until) {
		return ErrAttempt.Becausef("a trial of another version, or late")
	}
	return nil
}
