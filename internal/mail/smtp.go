package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/mortise-auth/mortise/internal/secret"
)

// SMTP hands letters to a mail server, one connection per letter.
type SMTP struct {
	server Server
	roots  *x509.CertPool
}

// NewSMTP returns a Sender for the server. Its certificate must be valid for
// its host under roots; nil means those of the system.
func NewSMTP(s Server, roots *x509.CertPool) *SMTP { return &SMTP{server: s, roots: roots} }

// Send hands l over. It is ErrPermanent when the server refuses the recipient or
// the content for good (5xx after RCPT or DATA). A 5xx to the greeting, TLS,
// sign-in or sender is a fault of the configuration and worth trying again.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	if Reserved(l.To) {
		return fmt.Errorf("%w: %w", ErrPermanent, ErrReserved)
	}
	m, err := s.message(l)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, s.clean(err, l))
	}
	c, stop, err := s.client(ctx)
	if err != nil {
		return s.clean(err, l)
	}
	defer stop()
	err = c.DialAndSendWithContext(ctx, m)
	switch {
	case err == nil, m.IsDelivered(): // a failing RSET or QUIT comes too late to matter
		return nil
	case refused(err):
		return fmt.Errorf("%w: %w", ErrPermanent, s.clean(err, l))
	}
	return s.clean(err, l)
}

// message builds the mail. Message-ID and Date depend on the letter alone.
func (s *SMTP) message(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	from := s.server.From
	m.FromMailAddress(&from)
	m.EnvelopeFromMailAddress(&from)
	if s.server.ReplyTo != "" {
		if err := m.ReplyTo(s.server.ReplyTo); err != nil {
			return nil, err
		}
	}
	if !bare(l.To) {
		return nil, errors.New("the recipient is no address")
	}
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(line(l.Subject, 200))
	m.SetDateWithValue(l.CreatedAt)
	m.SetMessageIDWithValue(l.ID.String() + from.Address[strings.LastIndexByte(from.Address, '@'):])
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

// client returns a client for one conversation. Its connection is cut when ctx
// ends, also in the middle of it; stop releases what watches.
func (s *SMTP) client(ctx context.Context) (*gomail.Client, func(), error) {
	conf := &tls.Config{ServerName: s.server.Host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	stop := func() {}
	dial := func(ctx2 context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx2, network, address)
		if err != nil {
			return nil, err
		}
		cut := context.AfterFunc(ctx, func() { _ = conn.Close() })
		stop = func() { cut(); _ = conn.Close() } // the library leaves it open when TLS or sign-in fails
		if !s.server.Implicit {
			return conn, nil
		}
		secured := tls.Client(conn, conf)
		if err := secured.HandshakeContext(ctx2); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return secured, nil
	}
	opts := []gomail.Option{
		gomail.WithPort(s.server.Port), gomail.WithTimeout(s.server.Timeout), gomail.WithTLSConfig(conf),
		gomail.WithDialContextFunc(dial), gomail.WithTLSPolicy(s.policy()), gomail.WithoutNoop(),
	}
	if s.server.Implicit {
		opts = append(opts, gomail.WithSSL())
	}
	if s.server.User != "" {
		opts = append(opts, gomail.WithUsername(s.server.User), gomail.WithPassword(s.server.Password.Reveal()), s.auth())
	}
	c, err := gomail.NewClient(s.server.Host, opts...)
	return c, func() { stop() }, err
}

func (s *SMTP) policy() gomail.TLSPolicy {
	if s.server.Insecure {
		return gomail.TLSOpportunistic
	}
	return gomail.TLSMandatory
}

func (s *SMTP) auth() gomail.Option {
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	if s.server.Insecure {
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	}
	switch s.server.Auth {
	case "plain":
		return gomail.WithSMTPAuth(plain)
	case "login":
		return gomail.WithSMTPAuth(login)
	case "cram-md5":
		return gomail.WithSMTPAuth(gomail.SMTPAuthCramMD5)
	}
	if s.server.Insecure { // what hides the password comes first
		return gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5, plain, login)
	}
	return gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, plain, login, gomail.SMTPAuthCramMD5)
}

// refused reports whether the server will never take this letter.
func refused(err error) bool {
	var e *gomail.SendError
	if !errors.As(err, &e) || e.ErrorCode() < 500 || e.ErrorCode() == 530 {
		return false
	}
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return true
	}
	return false
}

// clean makes an error fit for log and delivery log: what the server said, but
// neither the password nor the recipient's address.
func (s *SMTP) clean(err error, l Letter) error {
	text, _, _ := strings.Cut(err.Error(), ", affected recipient(s)")
	text, _, _ = strings.Cut(text, ", affected message ID")
	text = strings.ReplaceAll(text, l.To, "(recipient)")
	if p := s.server.Password.Reveal(); p != "" {
		for _, form := range []string{p, base64.StdEncoding.EncodeToString([]byte(p)), base64.StdEncoding.EncodeToString([]byte("\x00" + s.server.User + "\x00" + p))} {
			text = strings.ReplaceAll(text, form, secret.Redacted)
		}
	}
	return errors.New(s.server.String() + ": " + line(text, 250))
}
