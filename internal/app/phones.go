package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/mail"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/phone/twilio"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
)

// Phones is what an operator sets about codes by phone. The zero value sends none.
type Phones struct {
	Driver     string // "twilio"; "mailbox" keeps them with the mail of development; empty: off
	URL        string // of the provider's API; empty: Twilio's
	Account    string
	Token      string
	From       string
	Voice      bool     // calls too
	Prefixes   []string // that codes go to; empty: all but premium ones
	PerNumber  int64    // messages a day; 0: 5
	PerRange   int64    // 0: 50
	PerCountry int64    // 0: 500
	Spend      int64    // thousandths a day; 0: 10,000
	Price      int64    // thousandths; 0: 100
	Prices     []string // "+49=75"
}

func (p Phones) budget() (tel.Budget, error) {
	prices, err := tel.ParsePrices(p.Prices)
	if err != nil {
		return tel.Budget{}, err
	}
	or := func(v, otherwise int64) int64 {
		if v == 0 {
			return otherwise
		}
		return v
	}
	b := tel.Budget{
		Allowed: p.Prefixes, PerNumber: or(p.PerNumber, 5), PerRange: or(p.PerRange, 50), PerCountry: or(p.PerCountry, 500),
		Spend: or(p.Spend, 10_000), Price: or(p.Price, 100), Prices: prices,
	}
	return b, b.Check()
}

func (p Phones) check() error {
	if _, err := p.budget(); err != nil {
		return err
	}
	switch p.Driver {
	case "", "mailbox":
		return nil
	case "twilio":
		_, err := twilio.New(p.account(), nil)
		return err
	}
	return fmt.Errorf("phone: there is no driver %q", p.Driver)
}

func (p Phones) account() twilio.Account {
	return twilio.Account{URL: p.URL, ID: p.Account, Token: secret.NewText(p.Token), From: p.From}
}

// signInPhones and factorPhones are nil where nothing is sent to phones.
func (a *App) signInPhones() *signin.Phones {
	if a.c.Phones.Driver == "" {
		return nil
	}
	b, _ := a.c.Phones.budget() // checked with the configuration
	return &signin.Phones{Keys: a.keys, Budget: b, Voice: a.c.Phones.Voice}
}

func (a *App) factorPhones() *factor.Phones {
	if a.c.Phones.Driver == "" {
		return nil
	}
	b, _ := a.c.Phones.budget()
	return &factor.Phones{Budget: b, Voice: a.c.Phones.Voice}
}

// withPhones sends what is for phones by the provider, and the rest by mail.
func (a *App) withPhones(letters mail.Sender) (mail.Sender, error) {
	if a.c.Phones.Driver == "mailbox" {
		return letters, nil
	}
	c := channels{letters: letters, now: a.c.Now}
	if a.c.Phones.Driver == "twilio" {
		s, err := twilio.New(a.c.Phones.account(), a.egress)
		if err != nil {
			return nil, err
		}
		c.phones = s
	}
	return c, nil
}

// channels is the mail.Sender of an instance that sends to phones too.
type channels struct {
	letters mail.Sender
	phones  tel.Sender // nil: switched off
	now     func() time.Time
}

// once is how long after its charge a message to a phone may leave. It is shorter
// than a lease of the outbox, so that what a crashed process may have sent is not
// sent, and paid for, again.
const once = 2 * time.Minute

// Send implements mail.Sender. A message to a phone is tried once: each try is paid
// for, and its owner can ask for another (PW-48).
func (c channels) Send(ctx context.Context, l mail.Letter) error {
	if l.Channel != mail.SMS && l.Channel != mail.Voice {
		return c.letters.Send(ctx, l)
	}
	if c.phones == nil {
		return fmt.Errorf("%w: codes by phone are switched off", mail.ErrPermanent)
	}
	if c.now().Sub(l.CreatedAt) > once {
		return fmt.Errorf("%w: it may have been sent before", mail.ErrPermanent)
	}
	err := c.phones.Send(ctx, tel.Message{To: tel.Number(l.To), Text: l.Text, Voice: l.Channel == mail.Voice, Lang: l.Lang})
	if err != nil {
		return fmt.Errorf("%w: %s", mail.ErrPermanent, strings.ReplaceAll(err.Error(), l.To, "the number"))
	}
	return nil
}
