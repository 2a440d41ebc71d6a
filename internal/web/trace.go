package web

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// span begins the span of a request, named by its route and never by its path.
// A proxy that we believe may continue its trace in ours; a stranger's headers
// choose nothing. Baggage is not read. Without a Tracer it costs nothing.
func (f *Frame) span(r *http.Request, q *Request) *http.Request {
	if f.o.Tracer == nil {
		return r
	}
	ctx := r.Context()
	if q.Client.ViaProxy {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, q.span = f.o.Tracer.Start(ctx, q.pattern, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", known(r.Method)),
		attribute.String("http.route", q.pattern),
	))
	if c := q.span.SpanContext(); c.HasTraceID() {
		q.trace = c.TraceID().String()
	}
	return r.WithContext(ctx)
}

// end closes the span. It says what was answered, not to whom.
func (q *Request) end(status int, code string) {
	if q.span == nil {
		return
	}
	q.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if code != "" {
		q.span.SetAttributes(attribute.String("error.type", code))
	}
	if status >= http.StatusInternalServerError {
		q.span.SetStatus(codes.Error, code)
	}
	q.span.End()
}
