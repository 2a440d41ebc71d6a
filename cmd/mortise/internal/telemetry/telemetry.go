package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	queue       = 2048             // spans that wait; more are dropped
	sendWithin  = 5 * time.Second  // one batch
	complainOne = 10 * time.Minute // how often the log hears of a collector that is away
)

// Traces is a tracer and the sender behind it.
type Traces struct {
	Tracer   trace.Tracer
	provider *sdk.TracerProvider
}

// Start prepares sending to endpoint, such as http://127.0.0.1:4318; a path that
// is missing becomes /v1/traces. It connects to nothing yet. The zero Traces, of
// an empty endpoint, has a nil Tracer and a Stop that does nothing.
func Start(ctx context.Context, endpoint, version string, log *slog.Logger) (Traces, error) {
	if endpoint == "" {
		return Traces{}, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return Traces{}, fmt.Errorf("telemetry: otel.endpoint: %w", err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	to, err := newPoster(u.String(), os.Getenv("OTEL_EXPORTER_OTLP_HEADERS"))
	if err != nil {
		return Traces{}, fmt.Errorf("telemetry: %w", err)
	}
	exporter, err := otlptrace.New(ctx, to)
	if err != nil {
		return Traces{}, fmt.Errorf("telemetry: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(complain(log)))
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter, sdk.WithMaxQueueSize(queue), sdk.WithExportTimeout(sendWithin)),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "mortise"), attribute.String("service.version", version))),
	)
	return Traces{Tracer: provider.Tracer("github.com/mortise-auth/mortise"), provider: provider}, nil
}

// complain logs the first failure and then one every while.
func complain(log *slog.Logger) func(error) {
	var last atomic.Int64
	return func(err error) {
		now, before := time.Now().UnixNano(), last.Load()
		if before != 0 && now-before < int64(complainOne) || !last.CompareAndSwap(before, now) {
			return
		}
		log.Warn("traces are not delivered; requests are served all the same", "error", err)
	}
}

// Stop sends what waits, for as long as ctx lasts.
func (t Traces) Stop(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
