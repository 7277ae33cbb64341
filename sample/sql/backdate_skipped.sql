-- Those the snapshot left out were left out when the campaign left, not now.
update delivery_outcome set at = %(at)s where mailing_id = %(mailing)s and state = 4
