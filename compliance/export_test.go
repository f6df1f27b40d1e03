package compliance

import "github.com/evaultlib/evault/internal/pdf"

// Pages is what a custody record is laid out from.
func (e *Engine) Pages(c *Certificate) pdf.Report { return e.custodyRecord(c) }
