package strictjson

import (
	"encoding/json"
	"strings"
	"testing"
)

func skip(s string) error {
	r := New(s)
	r.Skip()
	return r.Close()
}

// JW-2: one way to read a text, or none.
func TestStrict(t *testing.T) {
	for s, ok := range map[string]bool{
		`{}`: true, ` [ ] `: true, `"\ud83d\ude00\u0000\/"`: true, `{"a":{"a":1},"b":[{"a":2}]}`: true, `-0.5e-7`: true, "\t\r\n1": true,
		``: false, `{`: false, `{}{}`: false, `{"a":1,"a":2}`: false, `{"a":1,"\u0061":2}`: false, `[{"a":1,"a":1}]`: false, `{"a":1,}`: false,
		`[1,]`: false, `[,1]`: false, `{a:1}`: false, `{'a':1}`: false, `01`: false, `1.`: false, `.5`: false, `+1`: false, `1e`: false, `-`: false,
		`NaN`: false, `Infinity`: false, `0x1`: false, `"a`: false, `"\`: false, `"\x"`: false, `"\ud83d"`: false, `"\ud83dx"`: false, `"\ude00\ud83d"`: false,
		`"\u12"`: false, `"\u+123"`: false, "\"\n\"": false, "\"\xff\"": false, "\ufeff{}": false, `{} //`: false, `truE`: false, `nul`: false, "\u00a01": false,
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth):     true,
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1): false,
	} {
		if got := skip(s) == nil; got != ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// Members are bounded, those of the objects around included. JW-3
func TestMembers(t *testing.T) {
	object := func(n int) string {
		b := []byte(`{"0":0`)
		for i := 1; i < n; i++ {
			b = append(append(append(b, `,"`...), strings.Repeat("x", i)...), `":0`...)
		}
		return string(b) + "}"
	}
	if skip(object(MaxMembers)) != nil || skip(object(MaxMembers+1)) == nil || skip(`{"a":`+object(MaxMembers)+`}`) == nil {
		t.Error("another bound")
	}
	if skip("["+strings.Repeat(object(MaxMembers)+",", 9)+"1]") != nil {
		t.Error("objects beside each other are counted together")
	}
}

// JW-20: dates may have a fraction; they may not be negative, huge or anything but
// numbers.
func TestNumbers(t *testing.T) {
	for s, want := range map[string]int64{
		`0`: 0, `1300819380`: 1300819380, `1300819380.9`: 1300819380, `1.3e9`: 1300000000, `13E+8`: 1300000000, `253402300799`: MaxDate,
		`253402300800`: -1, `-1`: -1, `-0`: -1, `-0.0`: -1, `1e300`: -1, `1e999`: -1, `99999999999999999999`: -1, `"1"`: -1, `null`: -1, `true`: -1, `[1]`: -1, `NaN`: -1, ``: -1,
	} {
		r := New(s)
		got := r.Date()
		if err := r.Close(); (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
	for s, want := range map[string]int64{
		`0`: 0, `9007199254740991`: MaxInteger, `9007199254740992`: -1, `1.0`: -1, `1e3`: -1, `-1`: -1, `"1"`: -1,
	} {
		r := New(s)
		got := r.Integer()
		if err := r.Close(); (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
}

// FuzzReader: all that we take is JSON to encoding/json too, and strings are the
// same. JW-62
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"\u00e9\ud83d\ude00",true,false,null,{}]}`, `"x\n"`, `{"a":1,"a":2}`, `[[[[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if skip(s) == nil && !json.Valid([]byte(s)) {
			t.Fatalf("%q is no JSON", s)
		}
		r := New(s)
		got := r.String()
		if r.Close() != nil {
			return
		}
		var want string
		if err := json.Unmarshal([]byte(s), &want); err != nil || got != want {
			t.Fatalf("%q: %q, not %q: %v", s, got, want, err)
		}
	})
}
