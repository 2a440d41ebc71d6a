package mortisegrpc

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mortise-auth/mortise/verify"
)

// Unary returns a server option under which every unary call needs a good
// credential and all rules. Handlers find who calls with verify.FromContext.
//
// Refusals: Unauthenticated, PermissionDenied for rules, InvalidArgument for an
// ambiguous credential, Unavailable when nobody can tell. The status carries the
// public sentence of the verify.Error; the trailer has its code and, where one
// belongs, the challenge (see Check).
func Unary(v *verify.Verifier, rules ...verify.Rule) grpc.ServerOption {
	return grpc.ChainUnaryInterceptor(UnaryInterceptor(v, rules...))
}

// Stream is Unary for streams, which are checked when they begin.
func Stream(v *verify.Verifier, rules ...verify.Rule) grpc.ServerOption {
	return grpc.ChainStreamInterceptor(StreamInterceptor(v, rules...))
}

// UnaryInterceptor is Unary for chains of one's own.
func UnaryInterceptor(v *verify.Verifier, rules ...verify.Rule) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		ctx, err := Check(ctx, v, rules...)
		if err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// StreamInterceptor is Stream for chains of one's own.
func StreamInterceptor(v *verify.Verifier, rules ...verify.Rule) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		ctx, err := Check(stream.Context(), v, rules...)
		if err != nil {
			return err
		}
		return next(srv, &identified{stream, ctx})
	}
}

// identified is a stream whose context tells who calls.
type identified struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // the interface asks for it
}

func (s *identified) Context() context.Context { return s.ctx }

// The trailer of a refusal.
const (
	trailerCode      = "mortise-code"
	trailerChallenge = "www-authenticate"
)

// Check checks the credential of the call in ctx and returns ctx with the identity.
// Errors are gRPC statuses. It is what the interceptors do, for handlers of long
// streams and for methods with rules of their own.
func Check(ctx context.Context, v *verify.Verifier, rules ...verify.Rule) (context.Context, error) {
	who, err := v.Authenticate(ctx, request(ctx))
	if err == nil {
		err = v.Check(&who, rules...)
	}
	if err != nil {
		return ctx, refuse(ctx, err)
	}
	return verify.NewContext(ctx, &who), nil
}

// request shows the metadata of a call as the headers they are on the wire.
func request(ctx context.Context) *http.Request {
	md, _ := metadata.FromIncomingContext(ctx)
	h := make(http.Header, 2)
	for _, name := range []string{"Authorization", "Mortise-Identity"} {
		if values := md.Get(name); len(values) > 0 {
			h[name] = values
		}
	}
	return &http.Request{Header: h}
}

func refuse(ctx context.Context, err error) error {
	e := verify.ErrUncertain
	errors.As(err, &e)
	trailer := metadata.Pairs(trailerCode, e.Code)
	if c := e.Challenge(); c != "" {
		trailer.Set(trailerChallenge, c)
	}
	_ = grpc.SetTrailer(ctx, trailer) // outside a call there is nobody to tell
	return status.Error(codeOf(e.Status), e.Public)
}

func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	}
	return codes.Unavailable
}
