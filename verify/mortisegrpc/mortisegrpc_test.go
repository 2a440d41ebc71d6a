package mortisegrpc_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/verify"
	"github.com/mortise-auth/mortise/verify/mortisegrpc"
)

const audience = "https://api.example.test"

// issuer has metadata and keys on this machine.
type issuer struct {
	*httptest.Server
	key jose.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/jwks"})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jose.NewKeySet(key.Public()).JSON()) })
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) mint(t *testing.T, scope string, life time.Duration) string {
	t.Helper()
	now := time.Now()
	a := jwt.Access{
		Issuer: i.URL, Subject: "usr_kim", ClientID: "web", Audience: []string{audience}, ID: "tok_1", Scope: scope,
		IssuedAt: now.Unix(), Expiry: now.Add(life).Unix(),
	}
	text, err := i.key.Sign(jwt.TypeAccess, a.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// service tells who called.
type service struct {
	healthpb.UnimplementedHealthServer
	called chan verify.Identity
}

func (s *service) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	s.note(ctx)
	return &healthpb.HealthCheckResponse{}, nil
}

func (s *service) Watch(_ *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	s.note(stream.Context())
	return stream.Send(&healthpb.HealthCheckResponse{})
}

func (s *service) note(ctx context.Context) {
	who, _ := verify.FromContext(ctx)
	s.called <- who
}

func dial(t *testing.T, s *service, opts ...grpc.ServerOption) healthpb.HealthClient {
	t.Helper()
	server := grpc.NewServer(opts...)
	healthpb.RegisterHealthServer(server, s)
	l := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///service", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return healthpb.NewHealthClient(conn)
}

// Unary calls and streams pass with a good token that the rules hold for; every
// refusal has its status, its code and its challenge, and never reaches a handler.
//
// OA-50 OA-51
func TestInterceptors(t *testing.T) {
	i := newIssuer(t)
	v, err := verify.New(t.Context(), i.URL, verify.Audience(audience), verify.InsecureWithoutRevocation(), verify.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	s := &service{called: make(chan verify.Identity, 1)}
	rule := verify.Scope("posts:read")
	client := dial(t, s, mortisegrpc.Unary(v, rule), mortisegrpc.Stream(v, rule))
	good := "Bearer " + i.mint(t, "posts:read", time.Minute)
	tests := []struct {
		name      string
		headers   []string
		status    codes.Code
		code      string
		challenge bool
	}{
		{"good", []string{good}, codes.OK, "", false},
		{"none", nil, codes.Unauthenticated, "not_signed_in", true},
		{"two", []string{good, good}, codes.InvalidArgument, "ambiguous_credentials", true},
		{"Basic", []string{"Basic YTpi"}, codes.Unauthenticated, "unsupported_scheme", true},
		{"expired", []string{"Bearer " + i.mint(t, "posts:read", -time.Minute)}, codes.Unauthenticated, "token_expired", true},
		{"scope", []string{"Bearer " + i.mint(t, "posts:write", time.Minute)}, codes.PermissionDenied, "insufficient_scope", true},
	}
	for _, test := range tests {
		ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"authorization": test.headers})
		for kind, call := range map[string]func() (metadata.MD, error){
			"unary":  func() (metadata.MD, error) { return unary(ctx, client) },
			"stream": func() (metadata.MD, error) { return stream(ctx, client) },
		} {
			trailer, err := call()
			if status.Code(err) != test.status {
				t.Errorf("%s %s: %v, want %v", test.name, kind, err, test.status)
			}
			if test.code == "" {
				if who := <-s.called; who.Subject != "usr_kim" {
					t.Errorf("%s %s: the handler saw %+v", test.name, kind, who)
				}
				continue
			}
			if got := trailer.Get("mortise-code"); len(got) != 1 || got[0] != test.code || (len(trailer.Get("www-authenticate")) == 1) != test.challenge {
				t.Errorf("%s %s: trailer %v", test.name, kind, trailer)
			}
			if len(s.called) != 0 {
				t.Fatalf("%s %s: the handler was called", test.name, kind)
			}
		}
	}
}

func unary(ctx context.Context, c healthpb.HealthClient) (trailer metadata.MD, err error) {
	_, err = c.Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Trailer(&trailer))
	return trailer, err
}

func stream(ctx context.Context, c healthpb.HealthClient) (metadata.MD, error) {
	s, err := c.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return nil, err
	}
	_, err = s.Recv()
	return s.Trailer(), err
}

// When nobody can tell, the answer is Unavailable, never Unauthenticated. TH-18
func TestUnavailable(t *testing.T) {
	i := newIssuer(t)
	v, err := verify.New(t.Context(), i.URL, verify.Audience(audience), verify.Credentials("api", "secret"), verify.Introspect(0),
		verify.Logger(slog.New(slog.DiscardHandler)), verify.At(verify.Endpoints{JWKS: i.URL + "/jwks", Revocations: i.URL + "/none", RevocationKeys: i.URL + "/none"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	client := dial(t, &service{called: make(chan verify.Identity, 1)}, mortisegrpc.Unary(v))
	ctx := metadata.NewOutgoingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+i.mint(t, "", time.Minute)))
	if _, err := unary(ctx, client); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
}
