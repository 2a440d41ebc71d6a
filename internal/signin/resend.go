package signin

import "context"

// ResendCode mails another sign-in code to whoever r.Identifier names, and
// answers the same when that is nobody. Nothing is judged, so it needs no
// password. The caller makes sure that this browser was asked for a code for
// this identifier before; limits of source, pair and mail apply.
func (f *Flow) ResendCode(ctx context.Context, r Request) (Result, error) {
	if r.Flow.IsZero() || r.Identifier == "" {
		return Result{}, ErrFlow
	}
	a := f.attempt(r, f.o.Methods[0])
	if err := f.limit(ctx, a); err != nil {
		return Result{}, err
	}
	if err := f.locate(ctx, a); err != nil {
		return Result{}, err
	}
	return f.askCode(ctx, a, r)
}
