package password

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// vector is a hash made by another program; see testdata/README.md.
type vector struct {
	Name      string `json:"name"`
	Password  string `json:"password"`
	Hash      string `json:"hash"`
	Truncates bool   `json:"truncates"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	var v []vector
	load(t, "testdata/vectors.json", &v)
	return v
}

func load(t testing.TB, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func testHasher(t testing.TB, o HasherOptions) *Hasher {
	t.Helper()
	if o.Gate == nil {
		o.Gate = NewGate(GateOptions{Now: time.Now, MaxWait: time.Minute})
	}
	if o.Parameters == (Parameters{}) {
		o.Parameters = TestParameters()
	}
	h, err := NewHasher(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func verify(t *testing.T, h *Hasher, stored Hash, typed string) (ok, upgrade bool) {
	t.Helper()
	ok, upgrade, err := h.Verify(context.Background(), Ticket{}, stored, secret.NewText(typed))
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return ok, upgrade
}

// PW-11 PW-13
func TestForeignHashesVerifyAndAskForAnUpgrade(t *testing.T) {
	h := testHasher(t, HasherOptions{})
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			stored, err := h.Import(v.Hash, Source{TruncatesAt72: v.Truncates})
			if err != nil {
				t.Fatalf("Import: %v", err)
			}
			if ok, upgrade := verify(t, h, stored, v.Password); !ok || !upgrade {
				t.Errorf("right password: ok %t, upgrade %t", ok, upgrade)
			}
			for _, wrong := range []string{"", "x" + v.Password, strings.ToUpper(v.Password), strings.TrimSpace(v.Password)[1:]} {
				if ok, upgrade := verify(t, h, stored, wrong); ok || upgrade {
					t.Errorf("wrong password %q: ok %t, upgrade %t", wrong, ok, upgrade)
				}
			}
		})
	}
}

// PW-12
func TestBcryptRefusesMoreThan72Bytes(t *testing.T) {
	h := testHasher(t, HasherOptions{})
	for _, v := range vectors(t) {
		if !strings.HasPrefix(v.Hash, "$2b$") || len(v.Password) < 72 {
			continue
		}
		stored, err := h.Import(v.Hash, Source{})
		if err != nil {
			t.Fatal(err)
		}
		if ok, _ := verify(t, h, stored, v.Password[:72]); !ok {
			t.Errorf("%s: the first 72 bytes were refused", v.Name)
		}
		if ok, _ := verify(t, h, stored, v.Password[:72]+"more"); ok {
			t.Errorf("%s: a 76-byte password matched its first 72 bytes", v.Name)
		}
	}
}

func TestFirebase(t *testing.T) {
	// The example of Firebase's published scrypt utility.
	project := FirebaseProject{
		SignerKey:     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
		SaltSeparator: "Bw==", Rounds: 8, MemoryCost: 14,
	}
	const digest = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
	stored, err := FromFirebase(project, digest, "42xEC+ixf3L2lw==")
	if err != nil {
		t.Fatal(err)
	}
	h := testHasher(t, HasherOptions{})
	if ok, upgrade := verify(t, h, stored, "user1password"); !ok || !upgrade {
		t.Errorf("right password: ok %t, upgrade %t", ok, upgrade)
	}
	if ok, _ := verify(t, h, stored, "user2password"); ok {
		t.Error("wrong password accepted")
	}
	urlForm := strings.NewReplacer("+", "-", "/", "_").Replace(digest)
	if again, err := FromFirebase(project, urlForm, "42xEC-ixf3L2lw"); err != nil || again != stored {
		t.Errorf("URL alphabet: %v, same %t", err, again == stored)
	}
	project.SignerKey = "c2hvcnQ="
	if _, err := FromFirebase(project, digest, "42xEC+ixf3L2lw=="); !errors.Is(err, ErrFormat) {
		t.Errorf("short signer key: %v", err)
	}
}

func TestKeycloakAndBetterAuth(t *testing.T) {
	var in struct {
		Password string
		Keycloak []struct{ CredentialData, SecretData string }
		Better   struct{ Password, Hash string } `json:"betterAuth"`
	}
	load(t, "testdata/imports.json", &in)
	h := testHasher(t, HasherOptions{})
	for i, k := range in.Keycloak {
		encoded, err := FromKeycloak(k.CredentialData, k.SecretData)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := h.Import(encoded, Source{})
		if err != nil {
			t.Fatal(err)
		}
		if ok, _ := verify(t, h, stored, in.Password); !ok {
			t.Errorf("Keycloak credential %d refused the right password", i)
		}
	}
	stored, err := FromBetterAuth(in.Better.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if ok, upgrade := verify(t, h, stored, in.Better.Password); !ok || !upgrade {
		t.Errorf("Better Auth: ok %t, upgrade %t", ok, upgrade)
	}
	for _, bad := range []string{"", ":", "zz:yy", in.Better.Hash + "00", "$2b$" + in.Better.Hash} {
		if _, err := FromBetterAuth(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("FromBetterAuth(%q): %v", bad, err)
		}
	}
	for _, bad := range [][2]string{{"", ""}, {"{}", "{}"}, {`{"algorithm":"argon2","hashIterations":1}`, in.Keycloak[0].SecretData}} {
		if _, err := FromKeycloak(bad[0], bad[1]); !errors.Is(err, ErrFormat) {
			t.Errorf("FromKeycloak(%q): %v", bad, err)
		}
	}
}

// TH-32 PW-13
func TestCostlyHashesAreRefusedBeforeAnythingIsAllocated(t *testing.T) {
	const tail = "$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	h := testHasher(t, HasherOptions{})
	for name, encoded := range map[string]string{
		"argon2id of 1 GiB":      "$argon2id$v=19$m=1048576,t=1,p=1" + tail,
		"argon2id most memory":   "$argon2id$v=19$m=4294967295,t=4294967295,p=1" + tail,
		"argon2id many passes":   "$argon2id$v=19$m=65536,t=4294967295,p=1" + tail,
		"argon2i of 1 GiB":       "$argon2i$v=19$m=1048576,t=1,p=1" + tail,
		"scrypt of 1 GiB":        "$scrypt$ln=20,r=8,p=1" + tail,
		"scrypt largest":         "$scrypt$ln=40,r=1024,p=1024" + tail,
		"scrypt many lanes":      "$scrypt$ln=17,r=8,p=1024" + tail,
		"scrypt $7$ of 1 GiB":    "$7$I6..../....SodiumChloride$l8MZC1u84qVVkylAgdghusp7X5qn.mKV7BVk/.c6J40",
		"firebase of 1 GiB":      "$firebase-scrypt$ln=20,r=8,sep=Bw,key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + tail,
		"Django scrypt of 1 GiB": "scrypt$1048576$salt$8$1$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"PBKDF2 for an hour":     "$pbkdf2-sha256$i=2147483647" + tail,
		"bcrypt cost 31":         "$2b$31$" + strings.Repeat("a", 53),
		"phpass 2^30":            "$P$S" + strings.Repeat("a", 8) + "AAAAAAAAAAAAAAAAAAAAA.",
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			allocated := testing.AllocsPerRun(1, func() { _, err = h.Import(encoded, Source{}) })
			if !errors.Is(err, ErrCostly) {
				t.Fatalf("Import: %v, want ErrCostly", err)
			}
			if allocated > 100 {
				t.Errorf("%v allocations to refuse", allocated)
			}
			if ok, _, err := h.Verify(t.Context(), Ticket{}, Hash(encoded), secret.NewText("x")); ok || !errors.Is(err, ErrCostly) {
				t.Errorf("Verify of the stored form: %t, %v", ok, err)
			}
		})
	}
}

func TestMalformedHashesAreRefused(t *testing.T) {
	h := testHasher(t, HasherOptions{})
	for _, s := range []string{
		"", "plain", "$", "$$$$", "$argon2id$", "$argon2d$v=19$m=64,t=1,p=1$AAAA$AAAA",
		"$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,t=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA",
		"$2x$04$" + strings.Repeat("a", 53), "$2b$99$" + strings.Repeat("a", 53), "$2b$04$short",
		"$P$", "{SSHA}AAAA", "{SSHA999}AAAA", "{SSHA", "md5$salt$hash", "pbkdf2_md5$1$a$AAAAAAAAAAAAAAAAAAAAAA==",
		"argon2$argon2d$v=19$m=64,t=1,p=1$AAAA$AAAA", "bcrypt$$3b$04$aa", "scrypt$63$salt$8$1$AAAAAAAAAAAAAAAAAAAAAA==",
		"$mortise$", "$mortise$n=evil$2b$04$", "$mortise$t=71$2b$04$", "$mortise$n=opaque", strings.Repeat("$", 2000),
		"$mortise$t=72$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if _, err := h.Import(s, Source{}); !errors.Is(err, ErrFormat) {
			t.Errorf("Import(%.60q): %v, want ErrFormat", s, err)
		}
	}
}

func TestUnusablePasswordsAreNeverRight(t *testing.T) {
	h := testHasher(t, HasherOptions{})
	const unusable = "!Jf0L2wHZ1xv1h7n"
	if _, err := h.Import(unusable, Source{}); !errors.Is(err, ErrUnusable) {
		t.Errorf("Import: %v", err)
	}
	if ok, upgrade := verify(t, h, unusable, unusable); ok || upgrade {
		t.Errorf("unusable hash: ok %t, upgrade %t", ok, upgrade)
	}
}

func FuzzReadHash(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Hash)
		f.Add("$mortise$n=opaque" + v.Hash)
	}
	f.Add("$mortise$n=opaque,k=a$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	small := Bounds{Bytes: 1 << 20, Time: 5 * time.Millisecond}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := openEnvelope(Hash(s))
		if err != nil {
			return
		}
		if again, err := openEnvelope(e.seal()); err != nil || again != e {
			t.Fatalf("envelope of %q does not survive: %v", s, err)
		}
		enc, err := e.read(small, NoPeppers{})
		if err != nil {
			return
		}
		if c := enc.cost(); c.Bytes > small.Bytes || c.Time > small.Time {
			t.Fatalf("%q admitted at %+v", s, c)
		}
		enc.matches([]byte("x"))
	})
}
