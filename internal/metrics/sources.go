package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are read at each scrape. They must be quick, and safe for concurrent
// use. Nil members are left out; empty texts are too.
type Sources struct {
	// Sessions is how the session cache did: answered from memory, read from the
	// store, and not answerable because the store was not reached.
	Sessions func() (hits, misses, uncertain int64)
	// Proof is how long ago the last freshness proof was sent for; ok is false
	// when there is none, and sessions are checked in the store (TH-11).
	Proof func() (age time.Duration, ok bool)
	// Delay is how long after their commit the last revocations were applied here.
	Delay func() time.Duration
	// Delays is how long after their commit revocations were applied here: how
	// many there were, their sum, and how many took at most as long as each bound.
	Delays func() (count uint64, sum time.Duration, atMost map[time.Duration]uint64)
	// Live is how many revocations can still concern a token.
	Live func() int
	// Feed is what was published to followers.
	Feed func() Feed
	// Outbox is the state of mail. ok is false when the store does not answer.
	Outbox func() (o Outbox, ok bool)
	// Logouts is how telling clients of ended sessions goes.
	Logouts func() Logouts
	// Keys are the signing keys that are not gone.
	Keys func() []Key
	// Skew is how far the machine's clock is ahead of the database's.
	Skew func() time.Duration

	Engine                 string // sqlite, postgres
	Version, Commit, Built string // of this build
}

// Key is a signing key. Its labels are from closed sets.
type Key struct {
	Use, Algorithm, State string
	Age                   time.Duration // since it entered its state
}

// Feed is what was published to followers of the revocation feed.
type Feed struct {
	Tail, Empty, Snapshot uint64 // batches with news, without, and parts of snapshots
	Entries               uint64 // in all of them
	Gone                  uint64 // followers that had to begin again
	Streams               int64  // open now
	Head                  int64  // number of the last revocation
}

// Outbox is the state of mail.
type Outbox struct {
	Waiting, Dead int
	Oldest        time.Duration // how long the first of those waiting has waited
}

func (s Sources) collectors() []prometheus.Collector {
	all := []prometheus.Collector{
		fact("mortise_build_info", "What is running; always 1.", prometheus.Labels{"version": s.Version, "commit": s.Commit, "date": s.Built}),
		fact("mortise_store_info", "Which engine keeps the data; always 1.", prometheus.Labels{"engine": s.Engine}),
	}
	if s.Sessions != nil {
		all = append(all, several{sessionChecks, func(ch chan<- prometheus.Metric) {
			hits, misses, uncertain := s.Sessions()
			count(ch, sessionChecks, hits, "hit")
			count(ch, sessionChecks, misses, "miss")
			count(ch, sessionChecks, uncertain, "uncertain")
		}})
	}
	if s.Proof != nil {
		all = append(all, optional("mortise_revocation_proof_age_seconds",
			"Age of the proof that no revocation was missed; absent without one, and then sessions are checked in the store.", s.Proof))
	}
	if s.Delay != nil {
		all = append(all, seconds("mortise_revocation_delay_seconds", "Time from the commit of the last revocations to their effect here.", s.Delay))
	}
	if s.Delays != nil {
		all = append(all, delays(s.Delays))
	}
	if s.Live != nil {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "mortise_revocations_live", Help: "Revocations that can still concern a token.",
		}, func() float64 { return float64(s.Live()) }))
	}
	if s.Feed != nil {
		all = append(all, published(s.Feed))
	}
	if s.Outbox != nil {
		all = append(all, outbox(s.Outbox))
	}
	if s.Logouts != nil {
		all = append(all, logouts(s.Logouts))
	}
	if s.Keys != nil {
		all = append(all, several{keyAges, func(ch chan<- prometheus.Metric) { s.keys(ch) }})
	}
	if s.Skew != nil {
		all = append(all, seconds("mortise_clock_skew_seconds", "How far this machine's clock is ahead of the database's.", s.Skew))
	}
	return all
}

var keyAges = prometheus.NewDesc("mortise_signing_key_age_seconds",
	"How long signing keys have been in their state (next, current, retiring); the oldest, where there are several.", []string{"use", "algorithm", "state"}, nil)

func (s Sources) keys(ch chan<- prometheus.Metric) {
	oldest := map[[3]string]time.Duration{}
	for _, k := range s.Keys() {
		labels := [3]string{k.Use, k.Algorithm, k.State}
		if age, ok := oldest[labels]; !ok || k.Age > age {
			oldest[labels] = k.Age
		}
	}
	for labels, age := range oldest {
		ch <- prometheus.MustNewConstMetric(keyAges, prometheus.GaugeValue, age.Seconds(), labels[:]...)
	}
}

var sessionChecks = prometheus.NewDesc("mortise_session_checks_total",
	"Session checks: answered from memory (hit), read from the store (miss), or not answerable (uncertain).", []string{"result"}, nil)

// fact is a metric whose labels say something.
func fact(name, help string, labels prometheus.Labels) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	g.Set(1)
	return g
}

func seconds(name, help string, read func() time.Duration) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return read().Seconds() })
}

// several is what one reading says in more than one metric.
type several struct {
	of   *prometheus.Desc
	read func(chan<- prometheus.Metric)
}

func (s several) Describe(ch chan<- *prometheus.Desc) { ch <- s.of }
func (s several) Collect(ch chan<- prometheus.Metric) { s.read(ch) }

func count(ch chan<- prometheus.Metric, d *prometheus.Desc, n int64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

// optional is a number of seconds that is not always known.
func optional(name, help string, read func() (time.Duration, bool)) prometheus.Collector {
	d := prometheus.NewDesc(name, help, nil, nil)
	return several{d, func(ch chan<- prometheus.Metric) {
		if v, ok := read(); ok {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v.Seconds())
		}
	}}
}

var (
	messages = prometheus.NewDesc("mortise_outbox_messages", "Mail in the outbox: waiting, or given up (dead).", []string{"state"}, nil)
	oldest   = prometheus.NewDesc("mortise_outbox_oldest_seconds", "How long the first waiting mail has waited.", nil, nil)
)

// outbox reads the state of mail once for both of its metrics.
type outbox func() (Outbox, bool)

func (outbox) Describe(ch chan<- *prometheus.Desc) { ch <- messages; ch <- oldest }

func (read outbox) Collect(ch chan<- prometheus.Metric) {
	o, ok := read()
	if !ok {
		return
	}
	ch <- prometheus.MustNewConstMetric(messages, prometheus.GaugeValue, float64(o.Waiting), "waiting")
	ch <- prometheus.MustNewConstMetric(messages, prometheus.GaugeValue, float64(o.Dead), "dead")
	ch <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, o.Oldest.Seconds())
}
