package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

type clients set

// described are the columns that Update replaces, metadata their values.
const described = `name, type, auth_method, profile, grant_types, response_types, scopes, resources, redirect_uris, post_logout_uris,
	backchannel_logout_uri, origins, id_token_alg, first_party, access_token_format, access_token_lifetime, refresh_idle, refresh_life, metadata, managed_by, updated_at`

func metadata(c client.Client) []any {
	return []any{
		string(c.ID), c.Name, string(c.Type), string(c.Auth), string(c.Profile), words(c.Grants), words(c.Responses), words(c.Scopes), words(c.Resources),
		words(c.RedirectURIs), words(c.PostLogoutURIs), c.BackchannelLogout, words(c.Origins), c.IDTokenAlg, c.FirstParty,
		c.TokenFormat, seconds(c.TokenLifetime), seconds(c.RefreshIdle), seconds(c.RefreshLife), members(c.Metadata), c.ManagedBy, at(c.UpdatedAt),
	}
}

// members is the column of a client's metadata.
func members(m client.Metadata) string {
	b, _ := json.Marshal(m) // Clean has read its one part that could fail
	return string(b)
}

type metadataOf struct{ m *client.Metadata }

func (dst metadataOf) Scan(src any) (err error) {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	*dst.m, err = client.ParseMetadata([]byte(s))
	return err
}

const clientColumns = `client_id, ` + described + `, secret, secret_created_at, former_secret, former_secret_expires_at,
	version, ` + tokenVersion + `, disabled, revision, created_at, last_used_at`

func scanClient(row Row) (c client.Client, err error) {
	err = row.Scan(
		nameOf[client.ID]{&c.ID}, &c.Name, nameOf[client.Type]{&c.Type}, nameOf[client.Auth]{&c.Auth}, nameOf[client.Profile]{&c.Profile},
		listOf{&c.Grants}, listOf{&c.Responses}, listOf{&c.Scopes}, listOf{&c.Resources}, listOf{&c.RedirectURIs}, listOf{&c.PostLogoutURIs},
		&c.BackchannelLogout, listOf{&c.Origins}, &c.IDTokenAlg, truthOf{&c.FirstParty}, &c.TokenFormat, secondsOf{&c.TokenLifetime},
		secondsOf{&c.RefreshIdle}, secondsOf{&c.RefreshLife}, metadataOf{&c.Metadata}, &c.ManagedBy, timeOf{&c.UpdatedAt},
		bytesOf(c.Secret.Digest[:]), timeOf{&c.Secret.CreatedAt}, bytesOf(c.FormerSecret.Digest[:]), timeOf{&c.FormerSecret.ExpiresAt},
		&c.Version, &c.TokenVersion, truthOf{&c.Disabled}, &c.Revision, timeOf{&c.CreatedAt}, timeOf{&c.LastUsedAt})
	return c, err
}

func (s clients) Create(ctx context.Context, c client.Client, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := s.hold(ctx, tx, c); err != nil {
			return err
		}
		args := append(metadata(c), seal(c.Secret.Digest), at(c.Secret.CreatedAt), at(c.CreatedAt))
		n, err := tx.Exec(ctx, `INSERT INTO clients (client_id, `+described+`, secret, secret_created_at, version, token_version, disabled, revision, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
			COALESCE((SELECT version FROM former_clients WHERE client_id = $1), 1), COALESCE((SELECT version FROM former_clients WHERE client_id = $1), 1), 0, 1, $25) ON CONFLICT (client_id) DO NOTHING`, args...)
		return exactly(n, err, client.ErrTaken)
	})
}

// hold wants everything that c may ask for to exist to the end of the act.
func (s clients) hold(ctx context.Context, tx Tx, c client.Client) error {
	if err := holdScopes(ctx, tx, s.e.Dialect(), c.Scopes); err != nil {
		return err
	}
	for _, identifier := range unique(c.Resources) {
		sql := `SELECT 1 FROM resources WHERE identifier = $1 ` + s.e.Dialect().ForShare
		if err := exists(ctx, tx, sql, identifier, resource.ErrUnknown); err != nil {
			return err
		}
	}
	return nil
}

// locked reads the client and holds it to the end of the act.
func (s clients) locked(ctx context.Context, tx Tx, id client.ID) (client.Client, error) {
	c, err := scanClient(tx.QueryRow(ctx, `SELECT `+clientColumns+` FROM clients WHERE client_id = $1 `+s.e.Dialect().ForUpdate, text(string(id))))
	return c, otherwise(err, client.ErrUnknown)
}

// Update takes the secrets of a client that no longer has any.
func (s clients) Update(ctx context.Context, c client.Client, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		now, err := s.locked(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.Revision != c.Revision {
			return client.ErrStale
		}
		if err := s.hold(ctx, tx, c); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE clients SET (`+described+`) = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22),
			revision = revision + 1 WHERE client_id = $1`, metadata(c)...)
		if err != nil {
			return err
		}
		if !c.HasSecret() {
			_, err = tx.Exec(ctx, `UPDATE clients SET secret = NULL, secret_created_at = NULL, former_secret = NULL, former_secret_expires_at = NULL
				WHERE client_id = $1`, string(c.ID))
			if err != nil {
				return err
			}
		}
		return revoke(ctx, tx, revocation.Refresh, c.ID.Value(), 0, c.UpdatedAt)
	})
}

// SetDisabled writes neither row nor event when there is nothing to do.
func (s clients) SetDisabled(ctx context.Context, id client.ID, disabled bool, now time.Time, ev audit.Event) error {
	return s.e.Write(ctx, func(tx Tx) error {
		c, err := s.locked(ctx, tx, id)
		if err != nil || c.Disabled == disabled {
			return err
		}
		if disabled {
			c.Version++
		}
		_, err = tx.Exec(ctx, `UPDATE clients SET disabled = $2, version = $3, revision = revision + 1, updated_at = $4 WHERE client_id = $1`,
			string(id), disabled, c.Version, at(now))
		if err != nil {
			return err
		}
		if err := s.tell(ctx, tx, c, disabled, now); err != nil {
			return err
		}
		return record(ctx, tx, ev)
	})
}

// tell writes that everything below the version is dead, or only that the client
// must be read again. What names the client as an actor (TH-13) is dead with it.
func (s clients) tell(ctx context.Context, tx Tx, c client.Client, dead bool, now time.Time) error {
	if !dead {
		return revoke(ctx, tx, revocation.Refresh, c.ID.Value(), 0, now)
	}
	if err := revokeOwn(ctx, tx, c.ID, user.ID{}, now); err != nil {
		return err
	}
	if err := revokeDerived(ctx, tx, c.ID, now); err != nil {
		return err
	}
	return revoke(ctx, tx, revocation.Client, c.ID.Value(), c.Version, now)
}

// revokeOwn ends all tokens that a client got for itself, or acts in. It counts
// towards owner's budget.
func revokeOwn(ctx context.Context, tx Tx, id client.ID, owner user.ID, now time.Time) error {
	version, err := number(tx.QueryRow(ctx, `UPDATE clients SET token_version = `+nextToken+` WHERE client_id = $1 RETURNING token_version`, string(id)))
	if err != nil {
		return otherwise(err, client.ErrUnknown)
	}
	return publish(ctx, tx, revocation.Entry{Kind: revocation.Subject, Value: id.Subject(), Version: version, At: now}, owner)
}

// Rotate keeps the current secret as the former only while it would live anyway.
func (s clients) Rotate(ctx context.Context, id client.ID, fresh client.Secret, keep time.Time, compromised bool, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		c, err := s.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if !c.HasSecret() {
			return client.ErrPublic
		}
		former := c.Secret.Digest
		if !keep.After(now) || compromised || former.IsZero() {
			former, keep = [32]byte{}, time.Time{}
		}
		if compromised {
			c.Version++
		}
		_, err = tx.Exec(ctx, `UPDATE clients SET secret = $2, secret_created_at = $3, former_secret = $4, former_secret_expires_at = $5,
			version = $6, revision = revision + 1, updated_at = $7 WHERE client_id = $1`,
			string(id), seal(fresh.Digest), at(fresh.CreatedAt), seal(former), at(keep), c.Version, at(now))
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, c, compromised, now)
	})
}

// Delete remembers the version, for a client that gets the name again.
func (s clients) Delete(ctx context.Context, id client.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		c, err := s.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		c.Version = max(c.Version, c.TokenVersion) + 1
		if err := s.tell(ctx, tx, c, true, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM clients WHERE client_id = $1`, string(id)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO former_clients (client_id, version) VALUES ($1, $2)
			ON CONFLICT (client_id) DO UPDATE SET version = excluded.version`, string(id), c.Version)
		return err
	})
}

func (s clients) ByID(ctx context.Context, id client.ID) (client.Client, error) {
	return one(ctx, s.e, client.ErrUnknown, scanClient, `SELECT `+clientColumns+` FROM clients WHERE client_id = $1`, text(string(id)))
}

func (s clients) List(ctx context.Context, after client.ID, limit int) ([]client.Client, error) {
	return many(ctx, s.e, scanClient, `SELECT `+clientColumns+` FROM clients WHERE client_id > $1 ORDER BY client_id LIMIT $2`, text(string(after)), bounded(limit))
}

// Used touches rows in order, so that two that note the same clients wait for
// each other and not both.
func (s clients) Used(ctx context.Context, times map[client.ID]time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		for _, id := range slices.Sorted(maps.Keys(times)) {
			err := tx.Queue(ctx, `UPDATE clients SET last_used_at = $2 WHERE client_id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`,
				string(id), at(times[id]))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
