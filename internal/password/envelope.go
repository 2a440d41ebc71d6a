package password

import "strings"

// envelope says what happened around an encoding, in front of it:
//
//	$mortise$n=opaque$argon2id$…            how the text was normalised
//	$mortise$n=opaque,k=2026a$argon2id$…    and which pepper keyed the tag
//	$mortise$t=72$2b$…                      the source truncates at 72 bytes
//
// An encoding without an envelope stands as its source wrote it.
type envelope struct {
	form      form
	pepper    string
	truncates bool
	inner     string
}

const envelopePrefix = "$mortise$"

func openEnvelope(h Hash) (envelope, error) {
	rest, ok := strings.CutPrefix(string(h), envelopePrefix)
	if !ok {
		return envelope{inner: string(h)}, nil
	}
	head, inner, ok := strings.Cut(rest, "$")
	o, err := parseOptions(head, "n", "k", "t")
	if !ok || err != nil {
		return envelope{}, ErrFormat.Becausef("password: envelope: %w", err)
	}
	e := envelope{form: form(o.m["n"]), pepper: o.m["k"], inner: "$" + inner}
	_, e.truncates = o.m["t"]
	if !e.form.known() || e.truncates && o.m["t"] != "72" || e.pepper != "" && !validPepperID(e.pepper) {
		return envelope{}, ErrFormat.Becausef("password: envelope")
	}
	return e, nil
}

// seal is the inverse of openEnvelope.
func (e envelope) seal() Hash {
	var o []string
	if e.form != formRaw {
		o = append(o, "n="+string(e.form))
	}
	if e.pepper != "" {
		o = append(o, "k="+e.pepper)
	}
	if e.truncates {
		o = append(o, "t=72")
	}
	if o == nil {
		return Hash(e.inner)
	}
	return Hash(envelopePrefix + strings.Join(o, ",") + e.inner)
}

// read parses what is inside and attaches what the envelope says.
func (e envelope) read(b Bounds, p Peppers) (encoding, error) {
	enc, err := read(e.inner, b)
	if err != nil {
		return nil, err
	}
	if e.truncates {
		bc, ok := enc.(*bcryptHash)
		if !ok {
			return nil, ErrFormat.Becausef("password: only bcrypt truncates")
		}
		bc.truncates = true
	}
	if e.pepper == "" {
		return enc, nil
	}
	a, ok := enc.(*argon2Hash)
	if !ok || len(a.tag) != tagSize {
		return nil, ErrFormat.Becausef("password: only our own hashes have a pepper")
	}
	if a.pepper, ok = p.ByID(e.pepper); !ok || !validPepper(e.pepper, a.pepper) {
		return nil, ErrPepper.Becausef("password: no pepper %q", e.pepper)
	}
	return a, nil
}
