package page

import (
	"fmt"
	"strings"
	"time"
)

// moment is a time as the part "time" shows it.
type moment struct {
	ISO   string // for machines
	Text  string // for people: relative when recent
	Full  string // the whole date with its zone
	Exact bool   // Text is a date the script may put into the local zone
}

// When shows t, as "5 minutes ago" within the last day.
func (s *scene) When(t time.Time) moment {
	m := s.On(t)
	if ago := s.Now.Sub(t); ago >= 0 && ago < 24*time.Hour {
		m.Text, m.Exact = s.ago(ago), false
	}
	return m
}

// On shows t as a date and time.
func (s *scene) On(t time.Time) moment {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	local := t.In(zone)
	text := s.must("date.minute", "Date", s.day(local), "Time", local.Format("15:04"))
	return moment{
		ISO: t.UTC().Format(time.RFC3339), Text: text, Exact: s.Zone == nil,
		Full: text + " " + local.Format("MST"),
	}
}

// Day shows the date of t alone.
func (s *scene) Day(t time.Time) moment {
	m := s.On(t)
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	m.Text, m.Exact = s.day(t.In(zone)), false
	return m
}

func (s *scene) day(local time.Time) string {
	months := strings.Fields(s.must("date.months"))
	month := fmt.Sprint(int(local.Month()))
	if i := int(local.Month()) - 1; i < len(months) {
		month = months[i]
	}
	return s.must("date.day", "Day", local.Day(), "Month", month, "Year", local.Year())
}

func (s *scene) ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return s.must("ago.now")
	case d < time.Hour:
		return s.count("ago.minutes", int(d/time.Minute))
	default:
		return s.count("ago.hours", int(d/time.Hour))
	}
}

// span says how long d is, rounded up.
func (s *scene) span(d time.Duration) string {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= 90*time.Second:
		return s.count("span.seconds", up(time.Second))
	case d <= 90*time.Minute:
		return s.count("span.minutes", up(time.Minute))
	case d <= 48*time.Hour:
		return s.count("span.hours", up(time.Hour))
	default:
		return s.count("span.days", up(24*time.Hour))
	}
}

// Span says how long d is, rounded up.
func (s *scene) Span(d time.Duration) string { return s.span(d) }

// must and count are for words that a test has seen in every language.
func (s *scene) must(key string, pairs ...any) string {
	text, err := s.T(key, pairs...)
	if err != nil {
		return key
	}
	return text
}

func (s *scene) count(key string, n int) string {
	text, err := s.N(key, n)
	if err != nil {
		return key
	}
	return text
}

// FlashValue is what a notice is about; a date is spelled as people read it.
func (s *scene) FlashValue() string {
	if day, err := time.Parse(time.DateOnly, s.Flash.Value); err == nil {
		return s.day(day)
	}
	return s.Flash.Value
}
