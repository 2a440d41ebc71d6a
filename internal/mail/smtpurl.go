package mail

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Server is where and how mail is handed in.
type Server struct {
	Host     string
	Port     int
	Implicit bool // TLS from the first byte; otherwise STARTTLS
	Insecure bool // TLS only if offered: by request, or because Host is loopback
	User     string
	Password secret.Text
	Auth     string // "", "plain", "login" or "cram-md5"; empty: the best that is offered
	From     mail.Address
	ReplyTo  string        // address or empty
	Timeout  time.Duration // for connecting, and again for the conversation
}

const urlForm = "write it like smtp://user:password@mail.example.com:587?from=login@example.com&name=Login"

// ParseServer reads
//
//	smtp://user:password@host:587?from=ADDRESS&name=NAME    STARTTLS required
//	smtps://user:password@host:465?from=ADDRESS             TLS from the start
//
// with the optional parameters reply_to, auth (plain, login, cram-md5), timeout
// (1s to 2m, default 30s) and insecure=true, which allows a conversation without
// TLS. On loopback TLS is used if offered. from may be left out when the user is
// an address. Anything else is ErrURL; its text never holds the password.
func ParseServer(text string) (Server, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return Server{}, fmt.Errorf("%w: it cannot be read; %s, with special characters of the password percent-encoded", ErrURL, urlForm)
	}
	s := Server{Host: u.Hostname(), Implicit: u.Scheme == "smtps", User: u.User.Username(), Timeout: 30 * time.Second}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || s.Host == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return Server{}, fmt.Errorf("%w: want scheme smtp or smtps, a host, and no path; %s", ErrURL, urlForm)
	}
	password, has := u.User.Password()
	if has != (s.User != "") || has && password == "" {
		return Server{}, fmt.Errorf("%w: user and password go together", ErrURL)
	}
	if has {
		s.Password = secret.NewText(password)
	}
	if err := s.port(u.Port()); err != nil {
		return Server{}, err
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Server{}, fmt.Errorf("%w: the part after ? cannot be read", ErrURL)
	}
	if err := s.options(q); err != nil {
		return Server{}, err
	}
	return s, nil
}

func (s *Server) port(text string) error {
	s.Port = 587
	if s.Implicit {
		s.Port = 465
	}
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%w: the port must be between 1 and 65535", ErrURL)
	}
	s.Port = n
	return nil
}

func (s *Server) options(q url.Values) error {
	for key, values := range q {
		if !slices.Contains([]string{"from", "name", "reply_to", "auth", "timeout", "insecure"}, key) {
			return fmt.Errorf("%w: unknown parameter %q", ErrURL, line(key, 40))
		}
		if len(values) > 1 {
			return fmt.Errorf("%w: parameter %s is given twice", ErrURL, key)
		}
	}
	if s.Auth = strings.ToLower(q.Get("auth")); !slices.Contains([]string{"", "plain", "login", "cram-md5"}, s.Auth) {
		return fmt.Errorf("%w: auth must be plain, login or cram-md5", ErrURL)
	}
	if s.Auth != "" && s.User == "" {
		return fmt.Errorf("%w: auth needs user and password", ErrURL)
	}
	if q.Has("timeout") {
		d, err := time.ParseDuration(q.Get("timeout"))
		if err != nil || d < time.Second || d > 2*time.Minute {
			return fmt.Errorf("%w: timeout must be between 1s and 2m", ErrURL)
		}
		s.Timeout = d
	}
	switch q.Get("insecure") {
	case "":
		s.Insecure = loopback(s.Host) && !s.Implicit
	case "true":
		s.Insecure = !s.Implicit
	default:
		return fmt.Errorf("%w: insecure must be true or absent", ErrURL)
	}
	return s.addresses(q)
}

func (s *Server) addresses(q url.Values) error {
	from := q.Get("from")
	if from == "" && strings.Contains(s.User, "@") {
		from = s.User
	}
	if !bare(from) {
		return fmt.Errorf("%w: from must be the address mail comes from; %s", ErrURL, urlForm)
	}
	s.From = mail.Address{Name: line(q.Get("name"), 60), Address: from}
	if s.ReplyTo = q.Get("reply_to"); s.ReplyTo != "" && !bare(s.ReplyTo) {
		return fmt.Errorf("%w: reply_to must be an address", ErrURL)
	}
	return nil
}

// bare reports whether s is an address and nothing but one.
func bare(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == ""
}

func loopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// String is the address without credentials.
func (s Server) String() string {
	scheme := "smtp"
	if s.Implicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}
