package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var applied = prometheus.NewDesc("mortise_revocation_applied_seconds", "Time from the commit of each revocation to its effect here.", nil, nil)

// delays is a histogram that somebody else counts.
type delays func() (uint64, time.Duration, map[time.Duration]uint64)

func (delays) Describe(ch chan<- *prometheus.Desc) { ch <- applied }

func (read delays) Collect(ch chan<- prometheus.Metric) {
	count, sum, atMost := read()
	buckets := make(map[float64]uint64, len(atMost))
	for bound, n := range atMost {
		buckets[bound.Seconds()] = n
	}
	ch <- prometheus.MustNewConstHistogram(applied, count, sum.Seconds(), buckets)
}

var (
	feedBatches = prometheus.NewDesc("mortise_feed_batches_total", "Signed batches of the revocation feed: with news (tail), without (empty), parts of snapshots (snapshot).", []string{"kind"}, nil)
	feedEntries = prometheus.NewDesc("mortise_feed_entries_total", "Revocations in all batches sent.", nil, nil)
	feedGone    = prometheus.NewDesc("mortise_feed_restarts_total", "Followers that had to begin again with a snapshot.", nil, nil)
	feedStreams = prometheus.NewDesc("mortise_feed_streams", "Followers on server-sent events.", nil, nil)
	feedHead    = prometheus.NewDesc("mortise_feed_head", "Number of the last revocation known here.", nil, nil)
)

// published reads the publisher once for all of its metrics.
type published func() Feed

func (published) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{feedBatches, feedEntries, feedGone, feedStreams, feedHead} {
		ch <- d
	}
}

func (read published) Collect(ch chan<- prometheus.Metric) {
	f := read()
	count(ch, feedBatches, int64(f.Tail), "tail")
	count(ch, feedBatches, int64(f.Empty), "empty")
	count(ch, feedBatches, int64(f.Snapshot), "snapshot")
	count(ch, feedEntries, int64(f.Entries))
	count(ch, feedGone, int64(f.Gone))
	ch <- prometheus.MustNewConstMetric(feedStreams, prometheus.GaugeValue, float64(f.Streams))
	ch <- prometheus.MustNewConstMetric(feedHead, prometheus.GaugeValue, float64(f.Head))
}
