package signin

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/user"
)

// enrolNext is what Result.Next says when a second factor has to be set up.
const enrolNext = "enroll"

// demand is what must follow a first proof. The zero demand is nothing.
type demand struct {
	ways   []string     // one of these methods, the quickest first
	enrol  bool         // there is none: one has to be set up now
	by     time.Time    // there is none, and one has to be set up until then
	strict bool         // a client asks for it: no browser is remembered for that
	asked  policy.Asked // what the instance asks
}

// more reports whether the sign-in is not over.
func (d demand) more() bool { return d.ways != nil || d.enrol }

// next is what a person is told of it.
func (d demand) next() []string {
	if d.enrol {
		return []string{enrolNext}
	}
	return d.ways
}

// demands decides, for every sign-in and in this place only, what must follow p: the
// highest of what the account's factors, the instance, its roles and the client
// (least) ask for. A client gives no time to set up a factor.
func (f *Flow) demands(ctx context.Context, tx Tx, owner user.ID, p Proven, least int) (d demand, err error) {
	if p.level() > 1 {
		return d, nil
	}
	if d.asked, err = tx.Policy().Of(ctx, owner); err != nil {
		return d, err
	}
	ways, asking := []string(nil), false
	if d.asked.Equipped {
		if ways, asking, err = f.standings(ctx, tx, owner); err != nil {
			return d, err
		}
	}
	d.strict = least > 1
	now := f.now()
	switch wanted := max(d.asked.Level(), least) > 1; {
	case asking, wanted && ways != nil:
		d.ways = ways
	case wanted && (d.strict || !now.Before(d.asked.Due(now))):
		d.enrol = true
	case wanted:
		d.by = d.asked.Due(now)
	}
	return d, nil
}

// told notes, in the transaction of a birth, since when somebody is asked for more
// than they have, and forgets it when nothing is asked any more.
func (d demand) told(ctx context.Context, tx Tx, owner user.ID, now time.Time) error {
	switch {
	case !d.by.IsZero() && d.asked.Since.IsZero():
		_, err := tx.Policy().Begin(ctx, owner, now)
		return err
	case !d.asked.Since.IsZero() && d.asked.Level() < 2:
		return tx.Policy().Waive(ctx, owner)
	}
	return nil
}

// Asks reports whether an account asks for a second step by itself. A session that a
// remembered device let in took one, and stands for no more than that (PW-46).
func (f *Flow) Asks(ctx context.Context, owner user.ID) (bool, error) {
	_, asking, err := f.standings(ctx, f.o.Read, owner)
	return asking, err
}

// Reach is the highest assurance that an account can sign in with today.
func (f *Flow) Reach(ctx context.Context, owner user.ID) (int, error) {
	ways, _, err := f.standings(ctx, f.o.Read, owner)
	if err != nil || ways == nil {
		return 1, err
	}
	return 2, nil
}

// standings are the second methods that an account has, the one this person used
// last first and spare ones last, and whether one of them asks by itself.
func (f *Flow) standings(ctx context.Context, tx Tx, owner user.ID) (names []string, asking bool, err error) {
	type way struct {
		name string
		Standing
	}
	var ways []way
	for _, m := range f.o.Seconds {
		s, err := m.Standing(ctx, tx, owner)
		if err != nil {
			return nil, false, err
		}
		if s.Enrolled {
			ways, asking = append(ways, way{m.Name(), s}), asking || !s.Backup
		}
	}
	slices.SortStableFunc(ways, func(a, b way) int {
		if a.Spare != b.Spare {
			if a.Spare {
				return 1
			}
			return -1
		}
		return b.UsedAt.Compare(a.UsedAt)
	})
	for _, w := range ways {
		names = append(names, w.name)
	}
	return names, asking, nil
}
