// Package telemetry sends traces to an OpenTelemetry collector by OTLP over HTTP.
// It is the only package that knows the SDK: servers are handed a tracer, and
// without an endpoint none. Spans wait in a bounded queue; a collector that is
// slow or away costs spans, never a request.
package telemetry
