package api

import (
	"fmt"
	"net/url"
)

// List is one page of a list.
type List[T any] struct {
	Data    []T    `json:"data"`
	Next    string `json:"next,omitempty" doc:"Cursor of the next page, for after. Absent on the last page."`
	HasMore bool   `json:"has_more"`
	Total   *int64 `json:"total,omitempty" doc:"How many there are in all; only with count=true."`
}

const (
	pageDefault = 50
	pageMost    = 100
)

// size is how many rows a page has.
func size(limit int) int {
	if limit == 0 {
		return pageDefault
	}
	return min(limit, pageMost)
}

// paged makes a page of rows, which are one longer than the page when there is
// more. cursor names a row.
func paged[R, T any](s *surface, c *Call, rows []R, limit int, cursor func(R) string, show func(R) T) List[T] {
	out := List[T]{Data: make([]T, 0, min(len(rows), limit)), HasMore: len(rows) > limit}
	for _, row := range rows[:min(len(rows), limit)] {
		out.Data = append(out.Data, show(row))
	}
	if out.HasMore {
		s.next(c, &out.Next, cursor(rows[limit-1]))
	}
	return out
}

func (s *surface) next(c *Call, to *string, cursor string) {
	*to = cursor
	q := c.http.URL.Query()
	q.Set("after", cursor)
	next := url.URL{Path: c.http.URL.Path, RawQuery: q.Encode()}
	c.head.Set("Link", fmt.Sprintf(`<%s>; rel="next"`, s.link(next.String())))
}

// rest is what follows the row named by after in a list that is read whole.
func rest[R any](all []R, after string, cursor func(R) string) []R {
	if after == "" {
		return all
	}
	for i, row := range all {
		if cursor(row) == after {
			return all[i+1:]
		}
	}
	return nil
}
