package feed

// Kind says what an Entry's Value names.
type Kind uint8

// The kinds, by the names they have on the wire. Each but Instance is a claim or
// header of a token.
const (
	Session  Kind = 1 + iota // sid: tokens that must die with a session
	Grant                    // gid: a grant or a refresh family
	Subject                  // sub: tokens with a lower uv
	Client                   // client: tokens with a lower cv
	Key                      // kid: tokens signed by this key
	Token                    // jti: one token
	Instance                 // instance: every token with a lower uv
	last     = Instance
)

var kinds = [last + 1]string{Session: "sid", Grant: "gid", Subject: "sub", Client: "client", Key: "kid", Token: "jti", Instance: "instance"}

// String is the name on the wire, or "" for what is no kind.
func (k Kind) String() string {
	if k > last {
		return ""
	}
	return kinds[k]
}

// ParseKind reads the name on the wire.
func ParseKind(name string) (Kind, bool) {
	for k := Session; k <= last; k++ {
		if kinds[k] == name {
			return k, true
		}
	}
	return 0, false
}

// versioned reports whether an entry of this kind kills by version.
func (k Kind) versioned() bool { return k == Subject || k == Client || k == Instance }

// Entry is one thing that is dead before its time.
type Entry struct {
	Kind  Kind
	Value [16]byte // masked, or raw within the issuer's own process; zero for Instance
	// Version makes tokens with a lower one dead (Subject, Client, Instance);
	// below 1 it kills every one of them. The other kinds have 0.
	Version int64
	// Until is when the last token it can concern has expired, in Unix seconds by
	// the feed's time; 0 is for ever.
	Until int64
}
