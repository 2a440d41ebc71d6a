package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/secret"
)

// raw is a value as a layer wrote it: one text, or a list of texts.
type raw struct {
	text   string
	list   []string
	isList bool
}

var errWantsList = errors.New(`want a list: ["a", "b"], or a, b`)

// items reads the value of a list. In the environment a list is JSON, or texts
// between commas where none of them has one.
func (r raw) items() ([]string, error) {
	if r.isList {
		return r.list, nil
	}
	text := strings.TrimSpace(r.text)
	if strings.HasPrefix(text, "[") {
		var list []string
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, errWantsList
		}
		return list, nil
	}
	var list []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list, nil
}

// parse turns r into a value of the type of f and checks what the tags bound.
func (f field) parse(r raw) (reflect.Value, error) {
	v := reflect.New(f.typ).Elem()
	if r.isList && f.typ.Kind() != reflect.Slice {
		return v, errors.New("want one value, got a list")
	}
	if !r.isList && (!utf8.ValidString(r.text) || strings.ContainsAny(r.text, "\x00\r\n")) {
		return v, errors.New("want one line of UTF-8 text")
	}
	x, err := f.read(r)
	if err != nil {
		return v, err
	}
	v.Set(reflect.ValueOf(x))
	return v, nil
}

func (f field) read(r raw) (any, error) {
	switch reflect.Zero(f.typ).Interface().(type) {
	case string:
		return r.text, f.bounded(int64(utf8.RuneCountInString(r.text)), "characters")
	case secret.Text:
		return secret.NewText(r.text), nil
	case bool:
		return parseBool(r.text)
	case int:
		n, err := strconv.Atoi(r.text)
		if err != nil {
			return 0, errors.New("want a whole number")
		}
		return n, f.bounded(int64(n), "")
	case time.Duration:
		d, err := ParseDuration(r.text)
		if err != nil {
			return d, err
		}
		return d, f.bounded(int64(d), "")
	default:
		return r.items()
	}
}

func (f field) bounded(n int64, unit string) error {
	if len(f.enum) > 0 {
		return nil // checked by text
	}
	least, most := f.limit(f.min), f.limit(f.max)
	if f.min != "" && n < least || f.max != "" && n > most {
		return errors.New(strings.TrimSpace(f.boundWords() + " " + unit))
	}
	return nil
}

func (f field) boundWords() string {
	if f.min == "" {
		return "want at most " + f.max
	}
	return fmt.Sprintf("want %s to %s", f.min, f.max)
}

// limit reads a bound of a tag; the tests see that each can be read.
func (f field) limit(text string) int64 {
	if f.typ == reflect.TypeFor[time.Duration]() {
		d, _ := ParseDuration(text)
		return int64(d)
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("want true or false")
}

// ParseDuration reads a span such as 90s, 12h, 30d or 1d12h. It is never negative.
func ParseDuration(text string) (time.Duration, error) {
	bad := errors.New("want a span such as 30m, 12h or 30d")
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	} else if rest == "" {
		rest = "0s"
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, bad
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > 1<<16*24*time.Hour {
		return 0, bad
	}
	return time.Duration(n)*24*time.Hour + d, nil
}

// FormatDuration writes d as ParseDuration reads it, in days where it is whole days.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// shown is v as people may see it: secrets masked, spans and ranges as text.
func shown(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case secret.Text:
		return maskSecret(x)
	case time.Duration:
		return FormatDuration(x)
	case []string:
		return append([]string{}, x...)
	default:
		return x
	}
}

// maskSecret shows where a URL leads, since that is what people look for, and
// nothing of any other secret.
func maskSecret(t secret.Text) string {
	if t.IsZero() {
		return ""
	}
	u, err := url.Parse(t.Reveal())
	if err != nil || u.Scheme == "" || u.Host == "" {
		return secret.Redacted
	}
	masked := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	text := masked.String()
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		text = strings.Replace(text, "://", "://"+secret.Redacted+"@", 1)
	}
	return text
}
