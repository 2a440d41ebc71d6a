package verify

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Each kind of revocation ends the tokens it names within a second, with no
// request made per check, and no others.
//
// TH-3 TH-13 TH-16
func TestRevocationArrives(t *testing.T) {
	acts := map[string]func(o *origin){
		"session": func(o *origin) { o.revoke(feed.Session, "ses_1", 0) },
		"grant":   func(o *origin) { o.revoke(feed.Grant, "grt_1", 0) },
		"token":   func(o *origin) { o.revoke(feed.Token, "tok_1", 0) },
		"subject": func(o *origin) { o.revoke(feed.Subject, "usr_kim", 6) },
		"client":  func(o *origin) { o.revoke(feed.Client, "web", 4) },
		"key":     func(o *origin) { o.revoke(feed.Key, o.token.Public().ID(), 0) },
		"actor":   func(o *origin) { o.revoke(feed.Subject, "usr_boss", 9) },
		"all": func(o *origin) {
			o.with(func() { o.numbered = append(o.numbered, feed.Entry{Kind: feed.Instance, Version: 6}) })
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, testIssuer)
				other := newKey(t)
				o.published = append(o.published, other.Public())
				v := o.start()
				synctest.Wait()
				victim := o.mint(func(a *jwt.Access) { a.Actor = &jwt.Actor{Subject: "usr_boss", UserVersion: 8} })
				bystander := o.mintWith(other, jwt.TypeAccess, func(a *jwt.Access) {
					a.Subject, a.ClientID, a.Session, a.Grant, a.ID, a.UserVersion = "usr_ida", "cli", "ses_2", "grt_2", "tok_2", 7
				})
				wants(t, v, victim, "")
				wants(t, v, bystander, "")
				act(o)
				synctest.Wait() // no time passes: the held poll is answered at once
				wants(t, v, victim, "token_revoked")
				wants(t, v, bystander, "")
				if n := o.count("/introspect"); n != 0 {
					t.Errorf("%d introspections", n)
				}
			})
		})
	}
}

// A token minted after the act, with the raised version, lives. TH-3
func TestFreshTokenOutlivesTheAct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		o.revoke(feed.Subject, "usr_kim", 6)
		time.Sleep(time.Second)
		wants(t, v, o.mint(nil), "token_revoked")
		wants(t, v, o.mint(func(a *jwt.Access) { a.UserVersion = 6 }), "")
	})
}

// A batch recorded earlier proves nothing, and neither do those of another
// issuer, another audience, a forger, a fork or a gap. TH-12 TH-14
func TestForgedFreshness(t *testing.T) {
	tests := map[string]struct {
		spoil func(o *origin)
		heals bool // by itself, with a snapshot
	}{
		"replayed": {func(o *origin) {
			var old string
			o.mangle = func(text string) string {
				if old == "" {
					old = text
				}
				return old
			}
		}, false},
		"other nonce":    {func(o *origin) { o.alter = func(b *feed.Batch) { b.Nonce = rand.Text() } }, false},
		"no nonce":       {func(o *origin) { o.alter = func(b *feed.Batch) { b.Nonce = "" } }, false},
		"other issuer":   {func(o *origin) { o.alter = func(b *feed.Batch) { b.Issuer = "https://other.example.test" } }, false},
		"other audience": {func(o *origin) { o.alter = func(b *feed.Batch) { b.Audience = "https://other.example.test" } }, false},
		"reordered": {func(o *origin) {
			o.alter = func(b *feed.Batch) {
				if !b.Snapshot {
					b.From, b.Entries = b.From+1, nil
					b.To = max(b.To, b.From)
				}
			}
		}, true},
		"fork": {func(o *origin) {
			o.alter = func(b *feed.Batch) {
				if !b.Snapshot {
					b.Previous = feed.Digest("another")
				}
			}
		}, true},
		"signed by a token key": {func(o *origin) { o.feed = o.token }, false},
		"garbage":               {func(o *origin) { o.mangle = func(string) string { return "<html>" } }, false},
		"cut off":               {func(o *origin) { o.mangle = func(text string) string { return text[:len(text)/2] } }, false},
		"forged": {func(o *origin) {
			o.mangle = func(text string) string { return text[:strings.LastIndexByte(text, '.')+1] + strings.Repeat("A", 86) }
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, testIssuer)
				v := o.start(Introspect(0))
				token := o.mint(nil)
				wants(t, v, token, "")
				o.with(func() { test.spoil(o) })
				time.Sleep(defaultStaleness + 2*time.Second)
				want := "verification_unavailable"
				if test.heals {
					want = ""
				}
				wants(t, v, token, want)
			})
		})
	}
}

// After a gap the follower takes a snapshot, so nothing told in between is lost.
// TH-14 TH-15
func TestGapAndRetentionMeanSnapshot(t *testing.T) {
	for name, cut := range map[string]func(o *origin){
		"410": func(o *origin) { o.gone = o.head() + 1 },
		"gap": func(o *origin) {
			once := true
			o.alter = func(b *feed.Batch) {
				if once && !b.Snapshot && b.To > b.From {
					once, b.From, b.Entries = false, b.To, nil
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, testIssuer)
				v := o.start(Introspect(0))
				for range 5 {
					o.revoke(feed.Session, rand.Text(), 0)
				}
				o.with(func() { cut(o) })
				o.revoke(feed.Session, "ses_1", 0)
				o.with(func() { o.gone = 0 })
				time.Sleep(time.Second)
				wants(t, v, o.mint(nil), "token_revoked")
				wants(t, v, o.mint(func(a *jwt.Access) { a.Session = "ses_2" }), "")
			})
		})
	}
}

// A promoted standby lacks the last revocations and begins a new epoch: what the
// old one told holds, and so does what the new one tells. TH-12
func TestNewEpochKeepsOldEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(Introspect(0))
		o.revoke(feed.Session, "ses_lost", 0)
		time.Sleep(time.Second)
		o.with(func() { o.epoch, o.numbered = "b", nil })
		o.revoke(feed.Session, "ses_new", 0)
		time.Sleep(time.Second)
		for session, code := range map[string]string{"ses_lost": "token_revoked", "ses_new": "token_revoked", "ses_other": ""} {
			wants(t, v, o.mint(func(a *jwt.Access) { a.Session = session }), code)
		}
	})
}

// Entries leave by the feed's time plus leeway, not by the verifier's clock. TH-15
func TestEntriesLeaveByTheFeedsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		o.revoke(feed.Session, "ses_1", 0) // until 20 minutes from now
		time.Sleep(19 * time.Minute)
		if n := v.Status().Live; n != 1 {
			t.Errorf("%d entries after 19 minutes", n)
		}
		time.Sleep(3 * time.Minute)
		if n := v.Status().Live; n != 0 {
			t.Errorf("%d entries after 22 minutes", n)
		}
	})
}

// A verifier whose clock is off by more than the leeway is unhealthy and accepts
// nothing on its own word; within it all is well. TH-15
func TestClockOff(t *testing.T) {
	for ahead, fault := range map[time.Duration]error{
		5 * time.Minute: ErrClock, -5 * time.Minute: ErrClock, 15 * time.Second: ErrClock, -15 * time.Second: ErrClock,
		5 * time.Second: nil, -5 * time.Second: nil,
	} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, testIssuer)
				token := o.mint(nil)
				o.ahead = ahead
				v := o.start(Introspect(0))
				if err := v.Health(); !errors.Is(err, fault) {
					t.Errorf("health: %v, want %v", err, fault)
				}
				want := ""
				if fault != nil {
					want = "verification_unavailable"
				}
				wants(t, v, token, want)
				if fault != nil {
					o.with(func() { o.ahead = 0 })
					time.Sleep(time.Second)
					wants(t, v, token, "")
				}
			})
		})
	}
}

// Two issuers may use one subject, one session id and one feed key: the entries of
// one do nothing to the tokens of the other. TH-14
func TestEntriesBindToTheirIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newOrigin(t, testIssuer), newOrigin(t, "https://other.example.test")
		va, vb := a.start(), b.start()
		a.revoke(feed.Subject, "usr_kim", 6)
		a.revoke(feed.Session, "ses_1", 0)
		time.Sleep(time.Second)
		wants(t, va, a.mint(nil), "token_revoked")
		wants(t, vb, b.mint(nil), "")
		wants(t, va, b.mint(nil), "token_unknown_key")
		wants(t, vb, b.mint(func(c *jwt.Access) { c.Issuer = a.name }), "wrong_issuer")
	})
}

// The keys of tokens and of the feed are not good for each other, even when one
// is published in both sets. TH-19
func TestKeysAreNotCrossUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(Introspect(0))
		wants(t, v, o.mintWith(o.feed, jwt.TypeAccess, nil), "token_unknown_key")
		o.with(func() {
			o.feedKeys = append(o.feedKeys, o.token.Public())
			o.feed = o.token
		})
		time.Sleep(time.Minute)
		wants(t, v, o.mint(nil), "verification_unavailable")
	})
}

// Emergency rotation: a kid entry ends what the key signed although the cached
// key set still holds it, and fetches the set at once. TH-19
func TestKeyEntryOverridesCachedSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		stolen, next := o.token, newKey(t)
		forged := o.mintWith(stolen, jwt.TypeAccess, nil)
		wants(t, v, forged, "")
		synctest.Wait()
		o.with(func() { o.token, o.published = next, []jose.PublicKey{stolen.Public(), next.Public()} })
		o.revoke(feed.Key, stolen.Public().ID(), 0)
		synctest.Wait()
		if _, cached := v.tokens.Key(stolen.Public().ID()); !cached {
			t.Fatal("the key should still be in the cached set")
		}
		wants(t, v, forged, "token_revoked")
		wants(t, v, o.mint(nil), "")
	})
}

// The set that is fetched upon a kid entry may come from a replica that has not heard
// yet: tokens of the new key are taken as soon as it has, and for all that naming made-up
// keys causes no more than a few fetches. TH-19 JW-45
func TestNewKeyIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		time.Sleep(keysAgain)
		stolen, next := o.token, newKey(t)
		o.with(func() { o.token = next })
		before := o.count("/jwks")
		o.revoke(feed.Key, stolen.Public().ID(), 0)
		synctest.Wait()
		wants(t, v, o.mint(nil), "token_unknown_key")
		o.with(func() { o.published = []jose.PublicKey{next.Public()} })
		time.Sleep(keysSoon)
		wants(t, v, o.mint(nil), "")
		for range 100 {
			wants(t, v, o.mintWith(newKey(t), jwt.TypeAccess, nil), "token_unknown_key")
			time.Sleep(keysUnsettled / 50)
		}
		if n, most := o.count("/jwks")-before, int(keysUnsettled/keysSoon)+2; n > most {
			t.Errorf("%d fetches, want %d at most", n, most)
		}
	})
}

// A feed key that a kid entry names no longer signs the feed; its successor does.
// TH-19
func TestRevokedFeedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(Introspect(0))
		old, next := o.feed, newKey(t)
		o.with(func() { o.feedKeys, o.feed = append(o.feedKeys, next.Public()), next })
		o.revoke(feed.Key, old.Public().ID(), 0)
		time.Sleep(20 * time.Second)
		wants(t, v, o.mint(nil), "")
		o.with(func() { o.feed = old })
		time.Sleep(10 * time.Second)
		wants(t, v, o.mint(nil), "verification_unavailable")
	})
}

// Metadata without a feed is an error and not "nothing revoked"; the option says
// it in so many words, and the status repeats it. TH-14
func TestMissingFeedIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		o.noFeed = true
		if _, err := New(t.Context(), o.name, o.options(nil)...); !errors.Is(err, ErrNoFeed) {
			t.Errorf("got %v, want ErrNoFeed", err)
		}
		v := o.start(InsecureWithoutRevocation())
		if got := v.Status().Revocation; got != "expiry only" {
			t.Errorf("status says %q", got)
		}
		wants(t, v, o.mint(nil), "")
	})
}

// Without credentials there is no feed either. TH-14
func TestNoCredentials(t *testing.T) {
	o := newOrigin(t, testIssuer)
	plain := []Option{Audience(testAudience), HTTPClient(&http.Client{Transport: o}), Logger(slog.New(slog.DiscardHandler))}
	if _, err := New(t.Context(), o.name, plain...); !errors.Is(err, ErrNoFeed) {
		t.Errorf("got %v, want ErrNoFeed", err)
	}
	v, err := New(t.Context(), o.name, append(plain, InsecureWithoutRevocation())...)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	wants(t, v, o.mint(nil), "")
	if o.count("/feed") != 0 {
		t.Error("the feed was asked")
	}
}

// A snapshot that breaks off is begun again; until it is whole nothing is ready.
// TH-15 TH-18
func TestSnapshotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		for range 7 {
			o.revoke(feed.Session, rand.Text(), 0)
		}
		o.revoke(feed.Session, "ses_1", 0)
		parts := 0
		o.mangle = func(text string) string {
			if parts++; parts > 2 {
				return `]}` // the document ends here
			}
			return text
		}
		v := o.start(Introspect(0))
		if err := v.Health(); !errors.Is(err, ErrNotReady) {
			t.Errorf("health: %v", err)
		}
		wants(t, v, o.mint(nil), "verification_unavailable")
		o.with(func() { o.mangle = nil })
		time.Sleep(time.Second)
		wants(t, v, o.mint(nil), "token_revoked")
		wants(t, v, o.mint(func(a *jwt.Access) { a.Session = "ses_2" }), "")
	})
}

// A new mask key (the master key was rotated) makes the follower begin anew.
// TH-16
func TestNewMaskKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(Introspect(0))
		token := o.mint(nil)
		wants(t, v, token, "")
		o.with(func() { o.mask, o.epoch, o.numbered = []byte("another key of 32 bytes for this"), "b", nil })
		time.Sleep(2 * time.Second)
		wants(t, v, token, "")
		o.revoke(feed.Session, "ses_1", 0)
		time.Sleep(time.Second)
		wants(t, v, token, "token_revoked")
	})
}

// A line that never ends is not read for ever.
func TestEndlessLine(t *testing.T) {
	f := &follower{}
	err := f.read(t.Context(), io.LimitReader(zeros{}, 1<<30), "n", time.Now())
	if err == nil {
		t.Error("an endless line was taken")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
