-- Every sending domain at every account that can deliver; a few hundred rows, those there already stay as they are.
insert into delivery_alignment (domain_id, provider_id)
select domain.id, provider.id
from deliverability_sendingdomain domain, delivery_provider provider
where not provider.is_catcher
  and not exists (
      select from delivery_alignment known where known.domain_id = domain.id and known.provider_id = provider.id
  )
on conflict (domain_id, provider_id) do nothing
