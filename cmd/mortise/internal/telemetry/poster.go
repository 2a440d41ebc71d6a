package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// firstPause is waited before a batch is sent again; it doubles each time.
const firstPause = 200 * time.Millisecond

// poster is a client of otlptrace that posts protobuf. The one that OpenTelemetry
// ships brings all of gRPC into the binary, which OTLP over HTTP has no use for.
type poster struct {
	endpoint string
	header   http.Header
	http     *http.Client
}

func newPoster(endpoint, headers string) (*poster, error) {
	h, err := readHeaders(headers)
	if err != nil {
		return nil, err
	}
	h.Set("Content-Type", "application/x-protobuf")
	return &poster{endpoint, h, &http.Client{Timeout: sendWithin, CheckRedirect: stay}}, nil
}

// stay keeps what is sent with a token where it was meant to go.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// readHeaders reads OTEL_EXPORTER_OTLP_HEADERS: name=value pairs between commas,
// percent-encoded.
func readHeaders(text string) (http.Header, error) {
	h := http.Header{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || name == "" || err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: write name=value, with a comma before the next")
		}
		h.Set(name, value)
	}
	return h, nil
}

func (*poster) Start(context.Context) error { return nil }

func (c *poster) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces sends one batch, again while the collector says that it will take it
// later and ctx lasts. TracesData is ExportTraceServiceRequest on the wire.
func (c *poster) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	for pause := firstPause; ; pause *= 2 {
		status, err := c.post(ctx, body)
		if err != nil || status/100 == 2 {
			return err
		}
		if !later(status) {
			return fmt.Errorf("the collector answered %d", status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the collector answered %d until time was up", status)
		case <-time.After(pause):
		}
	}
}

func (c *poster) post(ctx context.Context, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = c.header.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // what was dropped is of no interest
	return resp.StatusCode, resp.Body.Close()
}

// later reports whether OTLP allows to send the same again.
func later(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
