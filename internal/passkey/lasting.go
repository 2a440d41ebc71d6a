package passkey

// recentHalf is half of how many passkeys are remembered: 3 MB with keys and ids as
// they are common, 16 MB with the longest.
const recentHalf = 4096

// lasting is what never changes of a passkey, with its key read. It proves nothing
// about today: whether the passkey is still there, and its counter, is for Store.Use
// to see, in the transaction of whatever comes of it. So what is remembered needs to
// hear of nothing, whichever replica removed a passkey.
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
