package manifest

import (
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
)

func (d *decoder) policy(n *yaml.Node) {
	var p apply.Policy
	d.object(n, keys{"assurance": d.count(&p.Assurance), "grace_days": d.count(&p.GraceDays), "remember_days": d.count(&p.RememberDays)})
	if d.declare(n, "sign_in_policy", "sign_in_policy", "sign_in_policy") {
		d.file.Policy = &p
	}
}

// count reads a whole number from 0 that may be left out.
func (d *decoder) count(to **int) reader {
	return func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < 0 {
			d.fault(n, "want a whole number from 0")
			return
		}
		*to = &v
	}
}
