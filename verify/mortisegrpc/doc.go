// Package mortisegrpc checks the credentials of gRPC calls with package verify. It
// is a module of its own, so that services without gRPC do not carry it.
//
//	v, err := verify.New(ctx, "https://id.example.org", …)
//	grpc.NewServer(mortisegrpc.Unary(v), mortisegrpc.Stream(v))
//
// A stream is checked when it begins; a handler of a long one that must not outlive
// the credential asks verify.FromContext for ExpiresAt, or calls Check again.
package mortisegrpc
