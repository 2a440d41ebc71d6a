package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Logouts is how telling clients of ended sessions goes (back-channel logout).
type Logouts struct {
	Delivered, Failed, GivenUp uint64 // attempts of this process; those given up failed too

	Known         bool // whether the store told the rest
	Waiting, Dead int
	Oldest        time.Duration // of those waiting; 0: none waits
}

var (
	logoutAttempts = prometheus.NewDesc("mortise_logout_attempts_total",
		"Attempts of this process to tell a client that a session ended, by what came of them: delivered, failed (tried again), dead (given up).", []string{"result"}, nil)
	logoutQueue  = prometheus.NewDesc("mortise_logout_queue", "Logouts that wait for a client, or were given up within a week.", []string{"state"}, nil)
	logoutOldest = prometheus.NewDesc("mortise_logout_oldest_seconds", "How long the oldest logout has been waiting for its client.", nil, nil)
)

// logouts is one reading of Logouts at each scrape.
type logouts func() Logouts

// Describe implements prometheus.Collector.
func (logouts) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{logoutAttempts, logoutQueue, logoutOldest} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (read logouts) Collect(ch chan<- prometheus.Metric) {
	l := read()
	count(ch, logoutAttempts, int64(l.Delivered), "delivered")
	count(ch, logoutAttempts, int64(l.Failed-l.GivenUp), "failed")
	count(ch, logoutAttempts, int64(l.GivenUp), "dead")
	if !l.Known {
		return
	}
	for state, n := range map[string]int{"waiting": l.Waiting, "dead": l.Dead} {
		ch <- prometheus.MustNewConstMetric(logoutQueue, prometheus.GaugeValue, float64(n), state)
	}
	ch <- prometheus.MustNewConstMetric(logoutOldest, prometheus.GaugeValue, l.Oldest.Seconds())
}
