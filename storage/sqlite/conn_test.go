package sqlite

import (
	"errors"
	"slices"
	"testing"
)

func TestUnnamed(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct {
		text  string
		order []int
	}{
		"SELECT 1":                                  {"SELECT 1", nil},
		"INSERT INTO t VALUES ($1, $2)":             {"INSERT INTO t VALUES (?, ?)", []int{0, 1}},
		"UPDATE t SET a = $2 WHERE b = $1 OR a=$2":  {"UPDATE t SET a = ? WHERE b = ? OR a=?", []int{1, 0, 1}},
		"VALUES ($12,$3)$":                          {"VALUES (?,?)$", []int{11, 2}},
		"SELECT '$' WHERE a = $name AND b = $1||$2": {"SELECT '$' WHERE a = $name AND b = ?||?", []int{0, 1}},
	} {
		if text, order := unnamed(sql); text != want.text || !slices.Equal(order, want.order) {
			t.Errorf("%s: %s, %v", sql, text, order)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	c, err := dial("file:arguments?mode=memory")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var a, b, again string
	r, err := c.query("SELECT $2, $1, $2", []any{"one", "two"})
	if err != nil {
		t.Fatal(err)
	}
	if err := (row{r, nil}).Scan(&a, &b, &again); err != nil || a+b+again != "twoonetwo" {
		t.Errorf("%s, %s, %s: %v", a, b, again, err)
	}
	if _, err := c.query("SELECT $2", []any{"one"}); !errors.Is(err, errArguments) {
		t.Errorf("one argument for the second parameter: %v", err)
	}
}
