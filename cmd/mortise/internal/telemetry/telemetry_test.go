package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// What was traced arrives at a collector as OTLP, at the standard path.
func TestSpansArrive(t *testing.T) {
	got := make(chan *collector.ExportTraceServiceRequest, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		var m collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			t.Error(err)
		}
		got <- &m
	}))
	defer server.Close()
	traces, err := Start(t.Context(), server.URL, "1.2.3", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, span := traces.Tracer.Start(t.Context(), "GET /login")
	span.End()
	if err := traces.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := <-got
	if name := m.ResourceSpans[0].ScopeSpans[0].Spans[0].Name; name != "GET /login" {
		t.Errorf("span %q", name)
	}
	if resource := m.ResourceSpans[0].Resource.String(); !strings.Contains(resource, "mortise") || !strings.Contains(resource, "1.2.3") {
		t.Errorf("resource %s", resource)
	}
}

// Without an endpoint there is no tracer and nothing to stop.
func TestNowhere(t *testing.T) {
	traces, err := Start(t.Context(), "", "1.2.3", slog.New(slog.DiscardHandler))
	if err != nil || traces.Tracer != nil {
		t.Fatalf("%v, %v", traces.Tracer, err)
	}
	if err := traces.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A collector that never answers holds nobody up: spans beyond the queue are
// dropped, and stopping takes no longer than it may.
func TestDeafCollector(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var log bytes.Buffer
	traces, err := Start(t.Context(), "http://"+l.Addr().String(), "1.2.3", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * queue {
		_, span := traces.Tracer.Start(t.Context(), "GET /login")
		span.End()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := traces.Stop(ctx); err == nil {
		t.Error("spans were delivered to nobody")
	}
}

// The log hears of a collector that is away once, not with every batch.
func TestComplainsOnce(t *testing.T) {
	var log bytes.Buffer
	say := complain(slog.New(slog.NewTextHandler(&log, nil)))
	for range 10 {
		say(io.ErrUnexpectedEOF)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
}
