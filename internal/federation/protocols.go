package federation

import "context"

// Protocols are the languages that services speak, by kind. It is a Protocol for
// connections of all of them.
type Protocols map[Kind]Protocol

// of is the protocol of c.
func (p Protocols) of(c Connection) (Protocol, error) {
	if one, ok := p[c.Kind]; ok {
		return one, nil
	}
	return nil, ErrUnknown.Becausef("no protocol for the kind %q", c.Kind)
}

// Begin implements Protocol.
func (p Protocols) Begin(ctx context.Context, c Connection, a Ask) (string, Kept, error) {
	one, err := p.of(c)
	if err != nil {
		return "", Kept{}, err
	}
	return one.Begin(ctx, c, a)
}

// Finish implements Protocol.
func (p Protocols) Finish(ctx context.Context, c Connection, k Kept, a Answer) (Statement, error) {
	one, err := p.of(c)
	if err != nil {
		return Statement{}, err
	}
	return one.Finish(ctx, c, k, a)
}

// Refresh implements Protocol.
func (p Protocols) Refresh(ctx context.Context, c Connection, t Tokens) (Tokens, error) {
	one, err := p.of(c)
	if err != nil {
		return Tokens{}, err
	}
	return one.Refresh(ctx, c, t)
}

// Revoke implements Protocol.
func (p Protocols) Revoke(ctx context.Context, c Connection, t Tokens) error {
	one, err := p.of(c)
	if err != nil {
		return err
	}
	return one.Revoke(ctx, c, t)
}

// Logout implements Protocol.
func (p Protocols) Logout(ctx context.Context, c Connection, l Leave) (string, error) {
	one, err := p.of(c)
	if err != nil {
		return "", err
	}
	return one.Logout(ctx, c, l)
}

// Ended implements Protocol.
func (p Protocols) Ended(ctx context.Context, c Connection, token string) (Ended, error) {
	one, err := p.of(c)
	if err != nil {
		return Ended{}, err
	}
	return one.Ended(ctx, c, token)
}
