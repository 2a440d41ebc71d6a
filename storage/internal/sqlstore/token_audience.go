package sqlstore

import (
	"context"
	"slices"

	"github.com/mortise-auth/mortise/internal/revocation"
)

// audiences are the resources that had tokens which e concerns (TH-16): nil is
// all of them, an empty list none. A grant names its own for life, and ending it
// holds its account, so nothing is minted of it meanwhile; what was exchanged for
// others is noted beside it. Who ends more than a
// grant tells everybody.
func audiences(ctx context.Context, tx Tx, e revocation.Entry) (list []string, err error) {
	if e.Kind != revocation.Grant {
		return nil, nil
	}
	list = []string{}
	err = tx.QueryRow(ctx, `SELECT audiences FROM grants WHERE id = $1 AND access_until > $2`,
		raw(e.Value), at(e.At.Add(-2*revocation.Leeway))).Scan(listOf{&list})
	if err = otherwise(err, nil); list == nil {
		list = []string{}
	}
	if err != nil {
		return nil, err
	}
	derived, err := collect(ctx, tx, scanText, `SELECT audience FROM derived_audiences WHERE grant_id = $1 ORDER BY audience`, raw(e.Value))
	for _, one := range derived {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list, err
}
