package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func traced(t *testing.T) (*bench, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tracer := sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)).Tracer("test")
	return newBench(t, func(o *Options) { o.Tracer = tracer }), spans
}

// AU-20 AU-62: a span is named by its route and says what was answered, not to
// whom; the log and the events of the request name its trace.
func TestSpans(t *testing.T) {
	b, spans := traced(t)
	b.ask(http.MethodGet, "/things/secret-name?token=canary", asKim)
	b.ask(http.MethodGet, "/panic")
	b.ask(http.MethodPost, "/open", "Sec-Fetch-Site: cross-site")
	ended := spans.Ended()
	if len(ended) != 3 {
		t.Fatalf("%d spans", len(ended))
	}
	var said strings.Builder
	for _, a := range ended[0].Attributes() {
		said.WriteString(string(a.Key) + "=" + a.Value.String() + " ")
	}
	const want = "http.request.method=GET http.route=GET /things/{id} http.response.status_code=200 "
	if ended[0].Name() != "GET /things/{id}" || said.String() != want {
		t.Errorf("span %q says %q, want %q", ended[0].Name(), said.String(), want)
	}
	if ended[1].Status().Code != codes.Error || ended[0].Status().Code == codes.Error {
		t.Errorf("status %v, %v", ended[0].Status(), ended[1].Status())
	}
	id := ended[0].SpanContext().TraceID().String()
	if !strings.Contains(b.log.String(), "trace_id="+id) {
		t.Errorf("the log does not name the trace:\n%s", b.log.String())
	}
	if got := b.events[0].Details["trace_id"]; got != ended[2].SpanContext().TraceID().String() {
		t.Errorf("the event names trace %q", got)
	}
}

// A stranger does not choose our trace ids, nor whether we trace; a proxy that we
// believe may.
func TestForeignTraces(t *testing.T) {
	const theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
	b, spans := traced(t)
	for peer, want := range map[string]bool{"198.51.100.7:1": false, "192.0.2.254:1": true} {
		spans.Reset()
		r := httptest.NewRequest(http.MethodGet, "https://id.example.org/open", http.NoBody)
		r.RemoteAddr = peer
		r.Header.Set("Traceparent", "00-"+theirs+"-00f067aa0ba902b7-01")
		r.Header.Set("Baggage", "user=eve")
		b.ServeHTTP(httptest.NewRecorder(), r)
		if got := spans.Ended()[0].SpanContext().TraceID().String() == theirs; got != want {
			t.Errorf("%s continued the trace: %v, want %v", peer, got, want)
		}
	}
}
