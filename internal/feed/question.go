package feed

// Question is what of a token the live set is asked about. Values are masked as
// the set's entries are; a zero value is not asked. Made once per token and kept
// beside it (TH-16, TH-20).
type Question struct {
	Session, Grant, Subject, Client, Key, Token [16]byte
	SubjectVersion, ClientVersion               int64   // claims uv and cv
	Actors                                      []Actor // of act, all levels (TH-13)
}

// Actor is one who acts for the subject.
type Actor struct {
	Subject [16]byte
	Version int64
}

// Revoked reports whether the token is dead. It allocates nothing.
func (s *Set) Revoked(q *Question) bool {
	if s.all.Load() || q.SubjectVersion < s.instance.Load() {
		return true
	}
	f := s.filter.Load()
	session, grant := s.may(f, Session, &q.Session), s.may(f, Grant, &q.Grant)
	subject, client := s.may(f, Subject, &q.Subject), s.may(f, Client, &q.Client)
	signer, token := s.may(f, Key, &q.Key), s.may(f, Token, &q.Token)
	if session|grant|subject|client|signer|token == 0 {
		return len(q.Actors) > 0 && s.acted(q)
	}
	return subject != 0 && s.below(Subject, &q.Subject, q.SubjectVersion) ||
		client != 0 && s.below(Client, &q.Client, q.ClientVersion) ||
		session != 0 && s.names(Session, &q.Session) ||
		grant != 0 && s.names(Grant, &q.Grant) ||
		token != 0 && s.names(Token, &q.Token) ||
		signer != 0 && s.names(Key, &q.Key) ||
		s.acted(q)
}

// may is 0 if no entry has the value.
func (s *Set) may(f *filter, k Kind, value *[16]byte) uint64 {
	lo, hi := halves(value)
	return f.may(s.hash(lo, hi, k))
}

func (s *Set) acted(q *Question) bool {
	for i := range q.Actors {
		a := &q.Actors[i]
		if a.Version < s.instance.Load() || s.below(Subject, &a.Subject, a.Version) {
			return true
		}
	}
	return false
}

// names reports whether an entry names the value.
func (s *Set) names(k Kind, value *[16]byte) bool { return s.find(k, value) != nil }

// below reports whether an entry asks for a higher version.
func (s *Set) below(k Kind, value *[16]byte, version int64) bool {
	found := s.find(k, value)
	return found != nil && version < int64(found.version.Load())
}

func (s *Set) find(k Kind, value *[16]byte) *slot {
	if *value == ([16]byte{}) {
		return nil
	}
	key := s.key(k, value)
	return s.tables[key.shard()].Load().find(&key)
}
