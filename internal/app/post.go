package app

import (
	"context"
	"crypto/x509"
	netmail "net/mail"
	"net/url"

	"github.com/mortise-auth/mortise/internal/mail"
)

func (a *App) wireMail(context.Context) error {
	letters, err := mail.NewRenderer(a.c.url.String(), a.c.Brand)
	if err != nil {
		return err
	}
	a.outbox = mail.NewOutbox(letters, a.keys, a.c.Now)
	sender, err := a.sender()
	if err != nil {
		return err
	}
	if sender, err = a.withPhones(sender); err != nil {
		return err
	}
	const parallel = 4
	a.worker = mail.NewWorker(a.store.Mail(), a.keys, sender, a.c.Now, a.c.Log, a.outbox.Woken(), parallel)
	return nil
}

func (a *App) sender() (mail.Sender, error) {
	switch {
	case a.c.Sender != nil:
		return a.c.Sender, nil
	case a.c.Dev:
		a.mailbox = mail.NewMailbox()
		return a.mailbox, nil
	case a.c.SMTP == "":
		a.c.Log.Warn("no mail server is configured: mail waits in the outbox for up to three days")
		return unconfigured{}, nil
	}
	server, err := mail.ParseServer(withSender(a.c.SMTP, a.c.MailFrom, a.c.url.Hostname()))
	if err != nil {
		return nil, err
	}
	var systemRoots *x509.CertPool
	return mail.NewSMTP(server, systemRoots), nil
}

// unconfigured keeps letters waiting until there is a mail server.
type unconfigured struct{}

func (unconfigured) Send(context.Context, mail.Letter) error { return mail.ErrNoServer }

// withSender completes a mail server's address by who the mail is from: what the
// configuration says, or mortise@ and our host. An address that says so itself
// is left alone, and so is one that cannot be read, for the parser to explain.
func withSender(server, from, host string) string {
	u, err := url.Parse(server)
	if err != nil || u.Query().Has("from") {
		return server
	}
	q := u.Query()
	q.Set("from", "mortise@"+host)
	if a, err := netmail.ParseAddress(from); err == nil {
		q.Set("from", a.Address)
		q.Set("name", a.Name)
	}
	if q.Get("name") == "" {
		q.Del("name")
	}
	u.RawQuery = q.Encode()
	return u.String()
}
