"""{% load words %}: what a server said, or we in its place."""

from django import template

from delivery.own_words import said

register = template.Library()
register.filter("said", said)
